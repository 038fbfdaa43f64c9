"""Evidence that the database holds nothing but the tables and columns of the program: nothing that copies answers."""

from collections.abc import Mapping, Set

from sqlalchemy import Connection, inspect, text

from models.privacy.evidence import Finding, finding

OWN_TABLES = {"alembic_version"}
"""Tables of the libraries that the program uses."""

_SQLITE = "SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('trigger', 'view')"
_POSTGRESQL = """
SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
UNION ALL SELECT 'rule ' || rulename FROM pg_rules WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'view ' || viewname FROM pg_views WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'view ' || matviewname FROM pg_matviews
UNION ALL SELECT 'publication ' || pubname FROM pg_publication
UNION ALL SELECT 'function ' || proname FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'table ' || schemaname || '.' || tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema', current_schema())
"""


def foreign_parts(connection: Connection, own: Mapping[str, Set[str]]) -> list[Finding]:
    """Names the parts of the database that are not of the program: tables, columns, and what can copy rows.

    ``own`` are the columns of the program's tables, by table.
    """
    inspector = inspect(connection)
    tables = set(inspector.get_table_names()) - OWN_TABLES
    columns = [
        f"{table}.{column['name']}"
        for table in sorted(tables & own.keys())
        for column in inspector.get_columns(table)
        if column["name"] not in own[table]
    ]
    query = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    active = sorted(str(name) for (name,) in connection.execute(text(query)))
    return [
        finding(f"tables: {len(tables)}, all of the program", sorted(tables - own.keys()), "tables not of the program"),
        finding("columns: all of the program", columns, "columns not of the program"),
        finding("no triggers, views or functions, which could copy what is written", active, "parts that could copy"),
    ]
