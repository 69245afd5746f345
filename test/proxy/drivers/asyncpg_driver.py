import asyncio
import hashlib
import io
import json
import sys
import time

import asyncpg

url, *mode = sys.argv[1:]


def lines(count):
    return "".join(f"{n}\trow {n}\n" for n in range(count)).encode()


async def code_of(work):
    try:
        await work
        return "none"
    except asyncpg.PostgresError as error:
        return error.sqlstate


async def blocks(chunk, times):
    for _ in range(times):
        yield chunk


class Counter:
    def __init__(self):
        self.rows = self.size = 0

    async def __call__(self, chunk):
        self.size += len(chunk)
        self.rows += chunk.count(b"\n")


async def measured():
    conn = await asyncpg.connect(url)

    async def seconds(work):
        began = time.perf_counter()
        await work
        return time.perf_counter() - began

    async def statements():
        for n in range(3_000):
            await conn.fetchval("SELECT $1::int", n)

    await conn.execute("CREATE TEMP TABLE times (id int, name text)")
    block = lines(100_000)
    print(json.dumps({
        "statements": await seconds(statements()),
        "copyIn": await seconds(conn.copy_to_table("times", source=blocks(block, 20))),
        "copyOut": await seconds(conn.copy_from_query("SELECT * FROM times", output=Counter())),
        "large": await seconds(conn.fetchval("SELECT length($1::text)", "x" * (50 * 1024 * 1024))),
    }))


async def checked():
    conn = await asyncpg.connect(url)
    one = conn.fetchval
    print("connect", await one("SELECT 1"))
    await conn.execute("DROP TABLE IF EXISTS drivers; CREATE TABLE drivers (id int PRIMARY KEY, name text)")
    statement = await conn.prepare("SELECT $1::int + 1")
    print("prepared", *[await statement.fetchval(n) for n in (1, 2, 3)])
    mixed = await conn.fetchrow("SELECT $1::text, $2::text, $3::int", None, "text", 5)
    print("unnamed", *("null" if value is None else value for value in mixed))
    await conn.copy_to_table("drivers", source=io.BytesIO(lines(10_000)))
    print("copy in", await one("SELECT count(*) FROM drivers"))
    counter = Counter()
    await conn.copy_from_query("SELECT * FROM drivers ORDER BY id", output=counter)
    print(f"copy out {counter.rows} rows, {counter.size} bytes")
    refused = await code_of(conn.copy_to_table("drivers", source=io.BytesIO(b"x\ty\n")))
    print("copy refused", refused, await one("SELECT 1"))
    await conn.execute("CREATE TEMP TABLE large (content text)")
    await conn.execute("INSERT INTO large VALUES ($1)", "abcdefgh" * (50 * 1024 * 1024 // 8))
    back = await one("SELECT content FROM large")
    print("large", len(back), hashlib.md5(back.encode()).hexdigest()[:4])
    await conn.execute("BEGIN")
    errors = [await code_of(conn.execute("SELECT 1/0")), await code_of(conn.execute("SELECT 1"))]
    await conn.execute("ROLLBACK")
    print("error", *errors, await one("SELECT 1"))
    try:
        await conn.execute("INSERT INTO drivers VALUES (1)")
    except asyncpg.UniqueViolationError as error:
        print("constraint", error.sqlstate, error.constraint_name)
    async with conn.transaction():
        print("rows by portal", len([row async for row in conn.cursor("SELECT * FROM drivers LIMIT 1000", prefetch=100)]))
    await conn.execute("CREATE TEMP TABLE piped (id int PRIMARY KEY)")
    # executemany sends all in one batch of the extended protocol.
    await conn.executemany("INSERT INTO piped VALUES ($1)", [(n,) for n in range(500)])
    print("pipeline", await one("SELECT count(*) FROM piped"), await one("SELECT sum(id) FROM piped"))
    await conn.execute("INSERT INTO piped VALUES (500)")
    twice = await code_of(conn.executemany("INSERT INTO piped VALUES ($1)", [(501,), (500,), (502,)]))
    print("pipeline error", twice, await one("SELECT count(*) FROM piped"))
    notices = []
    conn.add_log_listener(lambda _, message: notices.append(message.message))
    await conn.execute("DO $$ BEGIN RAISE NOTICE 'look'; END $$")
    while notices == []:
        await asyncio.sleep(0.01)
    print("notice", *notices)
    other = await asyncpg.connect(url)
    heard = asyncio.Queue()
    await conn.add_listener("news", lambda *args: heard.put_nowait(args[-1]))
    await other.execute("NOTIFY news, 'hello'")
    print("notify", await heard.get())
    # asyncpg hides the error of a task that was cancelled, so the block notes what ended it.
    noted = "UPDATE drivers SET name = SQLSTATE WHERE id = 0"
    block = f"DO $$ BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN {noted}; END $$"
    sleeping = asyncio.create_task(conn.execute(block))
    waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'DO %sleep%' AND state = 'active'"
    # Before it sleeps, the block may not have begun to catch errors.
    sleeps = f"{waits} AND wait_event = 'PgSleep'"
    while await other.fetchval(sleeps, conn.get_server_pid()) == 0:
        pass
    sleeping.cancel()
    try:
        await sleeping
    except asyncio.CancelledError:
        pass
    while await other.fetchval(waits, conn.get_server_pid()) > 0:
        pass
    print("cancel", await one("SELECT name FROM drivers WHERE id = 0"), await one("SELECT 1"))
    await other.close()
    await conn.close()


asyncio.run(measured() if mode == ["--times"] else checked())
