from django.db import migrations

# What the public role may ask instead of reading the tables: a receipt, to whoever brings its number and the keyed hash
# of its query code. It runs with the rights of the tables' owner.
CREATE = """
CREATE FUNCTION intake_receipt_of(wanted text, hashed text)
RETURNS TABLE (number text, kind text, page text, at timestamptz, status text, message text, handler text,
               due_at timestamptz, updated_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.number::text, s.kind::text, s.page::text, s.at, coalesce(r.status, 'submitted')::text,
           coalesce(r.message, ''), coalesce(r.handler, '')::text, r.due_at, coalesce(r.updated_at, s.at)
    FROM intake_submission s LEFT JOIN intake_receipt r ON r.number = s.number
    WHERE s.number = wanted AND s.code_hash = hashed
$$;
REVOKE ALL ON FUNCTION intake_receipt_of(text, text) FROM PUBLIC;
"""
DROP = "DROP FUNCTION intake_receipt_of(text, text)"


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
