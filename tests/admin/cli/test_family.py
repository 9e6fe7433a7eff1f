"""The processes that ``callwright up`` starts."""

from admin.cli.family import Family


def test_a_child_takes_no_module_from_the_folder_it_is_started_in(tmp_path, monkeypatch):
    for name in ("admin", "engine", "secrets"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    assert Family(environment={}).run_once("--help") == 0
