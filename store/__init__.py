"""The only SQL: tables, one module per aggregate, migrations."""
