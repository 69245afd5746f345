import os

from alembic import context
from sqlalchemy import create_engine, pool

# SQLAlchemy names its driver in the URL; db-manager writes the plain form.
url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")

with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
