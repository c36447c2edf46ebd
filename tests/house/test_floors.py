"""What import-linter cannot see: models, migrations, templates and lookups by name keep to the same floors."""

import ast
import re
from pathlib import Path

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from mingtang.records.spec import all_specs

SOURCE = Path(__file__).parents[2] / "src" / "mingtang"
FLOOR = {
    name: floor
    for floor, rooms in enumerate(
        [
            ["rules", "text", "merkle"],
            ["editions", "intake"],
            ["search"],
            ["units"],
            ["journal"],
            ["audit"],
            ["records"],
            ["duties"],
            ["disclosure"],
            ["documents", "interpretations", "websites", "registers", "notices"],
            ["portal"],
            ["desk", "bake", "api", "channels"],
            ["cli"],
            ["settings"],
        ]
    )
    for name in rooms
}


def may_use(user: str, used: str) -> bool:
    return user == used or FLOOR[used] < FLOOR[user]


def test_every_room_has_a_floor() -> None:
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set(FLOOR)


def test_foreign_keys_point_down() -> None:
    wrong = [
        f"{model.__name__}.{field.name} -> {field.related_model.__name__}"
        for model in apps.get_models()
        if model._meta.app_label in FLOOR
        for field in model._meta.get_fields()
        if field.is_relation
        and not field.auto_created
        and getattr(field.related_model, "_meta", None)
        and field.related_model._meta.app_label in FLOOR
        and not may_use(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert wrong == []


def test_public_tables_point_at_no_private_table() -> None:
    for room in ("editions", "intake", "search"):
        targets = {
            field.related_model._meta.app_label
            for model in apps.get_app_config(room).get_models()
            for field in model._meta.get_fields()
            if field.is_relation and not field.auto_created
        }
        assert targets <= {room, "editions"}


def test_migrations_depend_downwards() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    wrong = [
        f"{app}.{name} -> {parent}"
        for (app, name), migration in loader.disk_migrations.items()
        if app in FLOOR
        for parent, _ in migration.dependencies
        if parent in FLOOR and not may_use(app, parent)
    ]
    assert wrong == []


def test_templates_include_downwards() -> None:
    pattern = re.compile(r"""{%\s*(?:extends|include)\s+["']([a-z_]+)/""")
    wrong = []
    for path in SOURCE.rglob("*.html"):
        room = path.relative_to(SOURCE).parts[0]
        for used in pattern.findall(path.read_text(encoding="utf-8")):
            if used in FLOOR and not may_use(room, used) and (room, used) != ("units", "desk"):
                wrong.append(f"{path.name} -> {used}")
    assert wrong == []


def test_models_are_not_looked_up_by_name() -> None:
    wrong = []
    for path in SOURCE.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_model":
                wrong.append(f"{path.name}:{node.lineno}")
    assert wrong == []


def test_time_is_a_parameter_below_the_faces() -> None:
    wrong = []
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0]
        if FLOOR.get(room, 0) >= FLOOR["portal"] or path.name == "sessions.py":
            continue
        text = path.read_text(encoding="utf-8")
        if re.search(r"datetime\.now\(|timezone\.now\(|date\.today\(", text):
            wrong.append(str(path.relative_to(SOURCE)))
    assert wrong == []


def test_state_is_written_by_perform_only() -> None:
    """``record.state =`` stands in records/services.py and nowhere else."""
    wrong = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"\brecord\.state\s*=[^=]|update\([^)]*\bstate=", path.read_text(encoding="utf-8"))
        and path.relative_to(SOURCE).as_posix() != "records/services.py"
    ]
    assert wrong == []


def test_no_script_or_style_stands_in_a_template() -> None:
    pattern = re.compile(r"<style|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=", re.IGNORECASE)
    wrong = [
        f"{path.relative_to(SOURCE)}: {found.group(0)}"
        for path in SOURCE.rglob("*.html")
        for found in [
            pattern.search(re.sub(r'<script type="application/ld\+json"', "", path.read_text(encoding="utf-8")))
        ]
        if found
    ]
    assert wrong == []


def test_forms_named_in_specs_are_the_rooms_own_or_lie_below() -> None:
    """A dotted path is an import that import-linter cannot see."""
    wrong = []
    for spec in all_specs():
        room = spec.model._meta.app_label
        for path in [spec.form, *(step.form for step in spec.transitions if step.form)]:
            if not may_use(room, path.split(".")[1]):
                wrong.append(f"{spec.kind}: {path}")
    assert wrong == []
