"""An import-linter contract of our own: what some modules import is on a list."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """Modules, and all below them, import the standard library, each other and what is allowed.

    import-linter's own contracts forbid what they name, so a new package would be free to come in.
    """

    modules = fields.SetField(subfield=fields.ModuleField())
    allowed = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at each import."""
        del verbose
        roots = {module.name for module in self.modules}  # type: ignore[attr-defined]
        allowed = roots | set(self.allowed or ())  # type: ignore[call-overload]
        names = {name for root in roots for name in (root, *graph.find_descendants(root))}
        wrong = sorted(
            f"{name} imports {imported}"
            for name in names
            for imported in graph.find_modules_directly_imported_by(name)
            if imported.split(".")[0] not in sys.stdlib_module_names
            and not any(f"{imported}.".startswith(f"{root}.") for root in allowed)
        )
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each wrong import on a line."""
        for line in check.metadata["wrong"]:
            output.print_error(line)
