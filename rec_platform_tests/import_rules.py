"""An import-linter contract of our own: some modules import the standard library alone."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class StandardLibraryContract(Contract):
    """Modules, and all below them, import each other and the standard library, nothing else."""

    modules = fields.SetField(subfield=fields.ModuleField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at each import."""
        del verbose
        allowed = {module.name for module in self.modules}  # type: ignore[attr-defined]
        names = {name for root in allowed for name in (root, *graph.find_descendants(root))}
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
