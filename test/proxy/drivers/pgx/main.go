package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var background = context.Background()

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func connect() (*pgx.Conn, chan string) {
	notices := make(chan string, 10)
	config := must(pgx.ParseConfig(os.Args[1]))
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { notices <- notice.Message }
	return must(pgx.ConnectConfig(background, config)), notices
}

func one(conn *pgx.Conn, sql string, values ...any) (found int) {
	if err := conn.QueryRow(background, sql, values...).Scan(&found); err != nil {
		panic(err)
	}
	return
}

func exec(conn *pgx.Conn, sql string, values ...any) error {
	_, err := conn.Exec(background, sql, values...)
	return err
}

func codeOf(err error) string {
	var known *pgconn.PgError
	if errors.As(err, &known) {
		return known.Code
	}
	return fmt.Sprint(err)
}

func lines(count int) []byte {
	var text bytes.Buffer
	for n := range count {
		fmt.Fprintf(&text, "%d\trow %d\n", n, n)
	}
	return text.Bytes()
}

type counter struct{ rows, size int }

func (found *counter) Write(chunk []byte) (int, error) {
	found.size += len(chunk)
	found.rows += bytes.Count(chunk, []byte("\n"))
	return len(chunk), nil
}

func copyIn(conn *pgx.Conn, table string, block []byte) error {
	_, err := conn.PgConn().CopyFrom(background, bytes.NewReader(block), "COPY "+table+" FROM STDIN")
	return err
}

func copyOut(conn *pgx.Conn, sql string) (found counter) {
	must(conn.PgConn().CopyTo(background, &found, "COPY ("+sql+") TO STDOUT"))
	return
}

func measure() {
	conn, _ := connect()
	seconds := func(work func()) float64 {
		began := time.Now()
		work()
		return time.Since(began).Seconds()
	}
	must(0, exec(conn, "CREATE TEMP TABLE times (id int, name text)"))
	block := bytes.Repeat(lines(100_000), 20)
	times := map[string]float64{
		"statements": seconds(func() {
			for n := range 3_000 {
				one(conn, "SELECT $1::int", n)
			}
		}),
		"copyIn":  seconds(func() { must(0, copyIn(conn, "times", block)) }),
		"copyOut": seconds(func() { copyOut(conn, "SELECT * FROM times") }),
		"large":   seconds(func() { one(conn, "SELECT length($1::text)", strings.Repeat("x", 50*1024*1024)) }),
	}
	fmt.Println(string(must(json.Marshal(times))))
}

func check() {
	conn, notices := connect()
	fmt.Println("connect", one(conn, "SELECT 1"))
	must(0, exec(conn, "SET client_min_messages = warning"))
	must(0, exec(conn, "DROP TABLE IF EXISTS drivers"))
	must(0, exec(conn, "RESET client_min_messages"))
	must(0, exec(conn, "CREATE TABLE drivers (id int PRIMARY KEY, name text)"))
	must(conn.Prepare(background, "next", "SELECT $1::int + 1"))
	fmt.Println("prepared", one(conn, "next", 1), one(conn, "next", 2), one(conn, "next", 3))
	var nothing *string
	var text string
	var number int
	row := conn.QueryRow(background, "SELECT $1::text, $2::text, $3::int", nil, "text", 5)
	must(0, row.Scan(&nothing, &text, &number))
	fmt.Println("unnamed", map[bool]string{true: "null", false: "set"}[nothing == nil], text, number)
	must(0, copyIn(conn, "drivers", lines(10_000)))
	fmt.Println("copy in", one(conn, "SELECT count(*) FROM drivers"))
	found := copyOut(conn, "SELECT * FROM drivers ORDER BY id")
	fmt.Printf("copy out %d rows, %d bytes\n", found.rows, found.size)
	fmt.Println("copy refused", codeOf(copyIn(conn, "drivers", []byte("x\ty\n"))), one(conn, "SELECT 1"))
	must(0, exec(conn, "CREATE TEMP TABLE large (content text)"))
	must(0, exec(conn, "INSERT INTO large VALUES ($1)", strings.Repeat("abcdefgh", 50*1024*1024/8)))
	must(0, conn.QueryRow(background, "SELECT content FROM large").Scan(&text))
	fmt.Println("large", len(text), fmt.Sprintf("%x", md5.Sum([]byte(text)))[:4])
	must(0, exec(conn, "BEGIN"))
	failures := []string{codeOf(exec(conn, "SELECT 1/0")), codeOf(exec(conn, "SELECT 1"))}
	must(0, exec(conn, "ROLLBACK"))
	fmt.Println("error", failures[0], failures[1], one(conn, "SELECT 1"))
	var known *pgconn.PgError
	errors.As(exec(conn, "INSERT INTO drivers VALUES (1)"), &known)
	fmt.Println("constraint", known.Code, known.ConstraintName)
	must(0, exec(conn, "BEGIN"))
	must(0, exec(conn, "DECLARE rows CURSOR FOR SELECT * FROM drivers LIMIT 1000"))
	fetched := 0
	for {
		tag := must(conn.Exec(background, "FETCH 100 FROM rows"))
		fetched += int(tag.RowsAffected())
		if tag.RowsAffected() == 0 {
			break
		}
	}
	must(0, exec(conn, "COMMIT"))
	fmt.Println("rows by portal", fetched)
	must(0, exec(conn, "CREATE TEMP TABLE piped (id int PRIMARY KEY)"))
	batch := &pgx.Batch{}
	for n := range 500 {
		batch.Queue("INSERT INTO piped VALUES ($1)", n)
	}
	must(0, conn.SendBatch(background, batch).Close())
	fmt.Println("pipeline", one(conn, "SELECT count(*) FROM piped"), one(conn, "SELECT sum(id) FROM piped"))
	pipeline := conn.PgConn().StartPipeline(background)
	for range 2 {
		pipeline.SendQueryParams("INSERT INTO piped VALUES (500)", nil, nil, nil, nil)
		must(0, pipeline.Sync())
	}
	var last error
	for range 4 {
		results, err := pipeline.GetResults()
		if reader, ok := results.(*pgconn.ResultReader); ok {
			_, err = reader.Close()
		}
		if err != nil {
			last = err
		}
	}
	pipeline.Close()
	fmt.Println("pipeline error", codeOf(last), one(conn, "SELECT count(*) FROM piped"))
	must(0, exec(conn, "DO $$ BEGIN RAISE NOTICE 'look'; END $$"))
	fmt.Println("notice", <-notices)
	other, _ := connect()
	must(0, exec(conn, "LISTEN news"))
	must(0, exec(other, "NOTIFY news, 'hello'"))
	fmt.Println("notify", must(conn.WaitForNotification(background)).Payload)
	ended := make(chan error)
	process := conn.PgConn().PID()
	go func() { ended <- exec(conn, "SELECT pg_sleep(60)") }()
	waits := "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'SELECT pg_sleep%' AND state = 'active'"
	for one(other, waits, process) == 0 {
	}
	must(0, conn.PgConn().CancelRequest(background))
	fmt.Println("cancel", codeOf(<-ended), one(conn, "SELECT 1"))
	other.Close(background)
	conn.Close(background)
}

func main() {
	if len(os.Args) > 2 && os.Args[2] == "--times" {
		measure()
	} else {
		check()
	}
}
