require 'digest'
require 'json'
require 'pg'

url, mode = ARGV

def lines(count)
  (0...count).map { |n| "#{n}\trow #{n}\n" }.join
end

def code_of
  yield
  'none'
rescue PG::Error => error
  error.result.error_field(PG::Result::PG_DIAG_SQLSTATE)
end

conn = PG.connect(url)
one = ->(sql, values = []) { conn.exec_params(sql, values).getvalue(0, 0) }
copy_in = lambda do |table, chunks|
  conn.copy_data("COPY #{table} FROM STDIN") { chunks.each { |chunk| conn.put_copy_data(chunk) } }
end
copy_out = lambda do |sql|
  rows = size = 0
  conn.copy_data("COPY (#{sql}) TO STDOUT") do
    while (row = conn.get_copy_data)
      rows += 1
      size += row.bytesize
    end
  end
  [rows, size]
end

if mode == '--times'
  seconds = lambda do |&work|
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    work.call
    Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
  end
  conn.exec('CREATE TEMP TABLE times (id int, name text)')
  block = lines(100_000)
  puts JSON.generate(
    statements: seconds.call { 3_000.times { |n| conn.exec_params('SELECT $1::int', [n]) } },
    copyIn: seconds.call { copy_in.call('times', [block] * 20) },
    copyOut: seconds.call { copy_out.call('SELECT * FROM times') },
    large: seconds.call { conn.exec_params('SELECT length($1::text)', ['x' * (50 * 1024 * 1024)]) }
  )
  exit
end

puts "connect #{one.call('SELECT 1')}"
conn.exec('SET client_min_messages = warning; DROP TABLE IF EXISTS drivers; RESET client_min_messages')
conn.exec('CREATE TABLE drivers (id int PRIMARY KEY, name text)')
conn.prepare('next', 'SELECT $1::int + 1')
puts "prepared #{[1, 2, 3].map { |n| conn.exec_prepared('next', [n]).getvalue(0, 0) }.join(' ')}"
mixed = conn.exec_params('SELECT $1::text, $2::text, $3::int', [nil, 'text', 5]).values.first
puts "unnamed #{mixed.map { |value| value || 'null' }.join(' ')}"
copy_in.call('drivers', [lines(10_000)])
puts "copy in #{one.call('SELECT count(*) FROM drivers')}"
rows, size = copy_out.call('SELECT * FROM drivers ORDER BY id')
puts "copy out #{rows} rows, #{size} bytes"
puts "copy refused #{code_of { copy_in.call('drivers', ["x\ty\n"]) }} #{one.call('SELECT 1')}"
conn.exec('CREATE TEMP TABLE large (content text)')
conn.exec_params('INSERT INTO large VALUES ($1)', ['abcdefgh' * (50 * 1024 * 1024 / 8)])
back = one.call('SELECT content FROM large')
puts "large #{back.length} #{Digest::MD5.hexdigest(back)[0, 4]}"
conn.exec('BEGIN')
errors = [code_of { conn.exec('SELECT 1/0') }, code_of { conn.exec('SELECT 1') }]
conn.exec('ROLLBACK')
puts "error #{errors.join(' ')} #{one.call('SELECT 1')}"
begin
  conn.exec('INSERT INTO drivers VALUES (1)')
rescue PG::UniqueViolation => error
  fields = [PG::Result::PG_DIAG_SQLSTATE, PG::Result::PG_DIAG_CONSTRAINT_NAME]
  puts "constraint #{fields.map { |field| error.result.error_field(field) }.join(' ')}"
end
conn.send_query('SELECT * FROM drivers LIMIT 1000')
conn.set_single_row_mode
single = 0
while (result = conn.get_result)
  single += result.ntuples
end
puts "rows by portal #{single}"
conn.exec('CREATE TEMP TABLE piped (id int PRIMARY KEY)')
piped = lambda do |ids|
  conn.enter_pipeline_mode
  ids.each do |n|
    conn.send_query_params('INSERT INTO piped VALUES ($1)', [n])
    conn.pipeline_sync
  end
  codes = ids.flat_map do
    code = 'none'
    # The result, nil at its end, and the result of the sync.
    while (result = conn.get_result)
      code = result.error_field(PG::Result::PG_DIAG_SQLSTATE) if result.result_status == PG::PGRES_FATAL_ERROR
    end
    conn.get_result
    code
  end
  conn.exit_pipeline_mode
  codes
end
piped.call((0...500).to_a)
puts "pipeline #{one.call('SELECT count(*) FROM piped')} #{one.call('SELECT sum(id) FROM piped')}"
puts "pipeline error #{piped.call([500, 500]).last} #{one.call('SELECT count(*) FROM piped')}"
notices = []
conn.set_notice_receiver { |result| notices << result.error_field(PG::Result::PG_DIAG_MESSAGE_PRIMARY) }
conn.exec("DO $$ BEGIN RAISE NOTICE 'look'; END $$")
puts "notice #{notices.join(' ')}"
other = PG.connect(url)
conn.exec('LISTEN news')
other.exec("NOTIFY news, 'hello'")
conn.wait_for_notify(30) { |_, _, payload| puts "notify #{payload}" }
conn.send_query('SELECT pg_sleep(60)')
waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'SELECT pg_sleep%' AND state = 'active'"
sleep 0.01 while other.exec_params(waits, [conn.backend_pid]).getvalue(0, 0) == '0'
conn.cancel
code = code_of { conn.get_last_result }
puts "cancel #{code} #{one.call('SELECT 1')}"
[conn, other].each(&:close)
