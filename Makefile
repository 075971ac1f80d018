UV := .venv/bin/uv
export UV_CUSTOM_COMPILE_COMMAND := make lock

lock: .venv/uv
	echo 'uv>=0.13' | $(UV) pip compile -q --generate-hashes --universal --python-version 3.11 - -o requirements/uv.txt
	$(UV) pip compile -q --generate-hashes --universal --python-version 3.11 pyproject.toml --group build -o requirements/app.txt
	$(UV) pip compile -q --generate-hashes --universal --python-version 3.11 pyproject.toml --group dev -c requirements/app.txt -o requirements/dev.txt

.venv/uv: requirements/uv.txt
	python3 -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@
