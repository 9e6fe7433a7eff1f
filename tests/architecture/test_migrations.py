"""A database that was brought up by migrations is what the models say."""

import subprocess
import sys

# In a process of its own: here other tests may have tables of theirs.
LOOK = """
import sys
from pathlib import Path
from admin.app import create_app
from admin.centre import open_centre
from admin.cli.tables import owners
from engine.db.migrations import differences, is_current, migrate
from engine.settings import Settings
from engine.testing import system

centre = open_centre(Settings(data_dir=Path(sys.argv[1]), secret_key="k"), web=True)
for _time in range(2):
    migrate(centre.database, owners(centre))
create_app(centre)
with system(centre).read() as ctx:
    assert is_current(ctx.connection, owners(centre))
    print(*differences(ctx.connection), sep="\\n", end="")
"""


def test_migrations_make_what_the_models_say(root, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(tmp_path)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
