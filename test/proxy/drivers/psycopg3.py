import hashlib
import json
import sys
import threading
import time

import psycopg

url, *mode = sys.argv[1:]


def connect():
    return psycopg.connect(url, autocommit=True)


def lines(count):
    return "".join(f"{n}\trow {n}\n" for n in range(count)).encode()


def one(conn, sql, values=None):
    return conn.execute(sql, values).fetchone()[0]


def code_of(work):
    try:
        work()
        return "none"
    except psycopg.Error as error:
        return error.sqlstate


def copy_in(conn, table, chunks):
    with conn.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for chunk in chunks:
            copy.write(chunk)


def copy_out(conn, sql):
    size = rows = 0
    with conn.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT") as copy:
        for chunk in copy:
            size += len(chunk)
            rows += bytes(chunk).count(b"\n")
    return rows, size


def measured():
    conn = connect()

    def seconds(work):
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    def statements():
        for n in range(3_000):
            conn.execute("SELECT %s::int", [n])

    conn.execute("CREATE TEMP TABLE times (id int, name text)")
    block = lines(100_000)
    print(json.dumps({
        "statements": seconds(statements),
        "copyIn": seconds(lambda: copy_in(conn, "times", [block] * 20)),
        "copyOut": seconds(lambda: copy_out(conn, "SELECT * FROM times")),
        "large": seconds(lambda: conn.execute("SELECT length(%s::text)", ["x" * (50 * 1024 * 1024)])),
    }))


def checked():
    conn = connect()
    print("connect", one(conn, "SELECT 1"))
    conn.execute("DROP TABLE IF EXISTS drivers")
    conn.execute("CREATE TABLE drivers (id int PRIMARY KEY, name text)")
    prepared = [conn.execute("SELECT %s::int + 1", [n], prepare=True).fetchone()[0] for n in (1, 2, 3)]
    print("prepared", *prepared)
    mixed = conn.execute("SELECT %s::text, %s::text, %s::int", [None, "text", 5]).fetchone()
    print("unnamed", *("null" if value is None else value for value in mixed))
    copy_in(conn, "drivers", [lines(10_000)])
    print("copy in", one(conn, "SELECT count(*) FROM drivers"))
    print("copy out %d rows, %d bytes" % copy_out(conn, "SELECT * FROM drivers ORDER BY id"))
    print("copy refused", code_of(lambda: copy_in(conn, "drivers", [b"x\ty\n"])), one(conn, "SELECT 1"))
    conn.execute("CREATE TEMP TABLE large (content text)")
    conn.execute("INSERT INTO large VALUES (%s)", ["abcdefgh" * (50 * 1024 * 1024 // 8)])
    back = one(conn, "SELECT content FROM large")
    print("large", len(back), hashlib.md5(back.encode()).hexdigest()[:4])
    conn.execute("BEGIN")
    errors = [code_of(lambda: conn.execute("SELECT 1/0")), code_of(lambda: conn.execute("SELECT 1"))]
    conn.execute("ROLLBACK")
    print("error", *errors, one(conn, "SELECT 1"))
    try:
        conn.execute("INSERT INTO drivers VALUES (1)")
    except psycopg.errors.UniqueViolation as error:
        print("constraint", error.sqlstate, error.diag.constraint_name)
    with conn.transaction(), conn.cursor(name="some") as cursor:
        cursor.execute("SELECT * FROM drivers LIMIT 1000")
        cursor.itersize = 100
        print("rows by portal", sum(1 for _ in cursor))
    conn.execute("CREATE TEMP TABLE piped (id int PRIMARY KEY)")
    with conn.pipeline():
        for n in range(500):
            conn.execute("INSERT INTO piped VALUES (%s)", [n])
    print("pipeline", one(conn, "SELECT count(*) FROM piped"), one(conn, "SELECT sum(id) FROM piped"))

    def twice():
        with conn.pipeline() as pipeline:
            conn.execute("INSERT INTO piped VALUES (500)")
            pipeline.sync()
            conn.execute("INSERT INTO piped VALUES (500)")
            conn.execute("INSERT INTO piped VALUES (501)")

    print("pipeline error", code_of(twice), one(conn, "SELECT count(*) FROM piped"))
    notices = []
    conn.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    conn.execute("DO $$ BEGIN RAISE NOTICE 'look'; END $$")
    print("notice", *notices)
    other = connect()
    conn.execute("LISTEN news")
    other.execute("NOTIFY news, 'hello'")
    print("notify", *(notify.payload for notify in conn.notifies(timeout=30, stop_after=1)))
    ended = []
    thread = threading.Thread(target=lambda: ended.append(code_of(lambda: conn.execute("SELECT pg_sleep(60)"))))
    thread.start()
    waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND query LIKE 'SELECT pg_sleep%%' AND state = 'active'"
    while one(other, waits, [conn.info.backend_pid]) == 0:
        pass
    conn.cancel_safe()
    thread.join()
    print("cancel", *ended, one(conn, "SELECT 1"))


measured() if mode == ["--times"] else checked()
