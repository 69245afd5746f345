import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;

public class Pgjdbc {
  interface Work {
    void run() throws Exception;
  }

  static String url;
  static Properties properties = new Properties();

  static Connection connect() throws Exception {
    return DriverManager.getConnection(url, properties);
  }

  static String one(Connection conn, String sql) throws Exception {
    try (var statement = conn.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  static void exec(Connection conn, String sql) throws Exception {
    try (Statement statement = conn.createStatement()) {
      statement.execute(sql);
    }
  }

  static String codeOf(Work work) throws Exception {
    try {
      work.run();
      return "none";
    } catch (BatchUpdateException error) {
      SQLException next = error.getNextException();
      return next == null ? error.getSQLState() : next.getSQLState();
    } catch (SQLException error) {
      return error.getSQLState();
    }
  }

  static byte[] lines(int count) {
    var text = new StringBuilder();
    for (int n = 0; n < count; n += 1) text.append(n).append("\trow ").append(n).append('\n');
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  static CopyManager copies(Connection conn) throws Exception {
    return conn.unwrap(PGConnection.class).getCopyAPI();
  }

  static long copyIn(Connection conn, String table, InputStream source) throws Exception {
    return copies(conn).copyIn("COPY " + table + " FROM STDIN", source);
  }

  static class Counter extends OutputStream {
    long rows = 0;
    long size = 0;

    @Override
    public void write(int value) {
      size += 1;
      if (value == '\n') rows += 1;
    }
  }

  static Counter copyOut(Connection conn, String sql) throws Exception {
    var counter = new Counter();
    copies(conn).copyOut("COPY (" + sql + ") TO STDOUT", counter);
    return counter;
  }

  static double seconds(Work work) throws Exception {
    long began = System.nanoTime();
    work.run();
    return (System.nanoTime() - began) / 1e9;
  }

  static void measure() throws Exception {
    try (Connection conn = connect()) {
      exec(conn, "CREATE TEMP TABLE times (id int, name text)");
      byte[] block = lines(100_000);
      double statements = seconds(() -> {
        try (var statement = conn.prepareStatement("SELECT ?::int")) {
          for (int n = 0; n < 3_000; n += 1) {
            statement.setInt(1, n);
            statement.executeQuery().close();
          }
        }
      });
      double in = seconds(() -> {
        for (int n = 0; n < 20; n += 1) copyIn(conn, "times", new ByteArrayInputStream(block));
      });
      double out = seconds(() -> copyOut(conn, "SELECT * FROM times"));
      double large = seconds(() -> {
        try (var statement = conn.prepareStatement("SELECT length(?::text)")) {
          statement.setString(1, "x".repeat(50 * 1024 * 1024));
          statement.executeQuery().close();
        }
      });
      System.out.printf(
          java.util.Locale.ROOT,
          "{\"statements\": %f, \"copyIn\": %f, \"copyOut\": %f, \"large\": %f}%n",
          statements, in, out, large);
    }
  }

  static void check() throws Exception {
    try (Connection conn = connect(); Connection other = connect()) {
      System.out.println("connect " + one(conn, "SELECT 1"));
      exec(conn, "DROP TABLE IF EXISTS drivers; CREATE TABLE drivers (id int PRIMARY KEY, name text)");
      var prepared = new StringBuilder("prepared");
      // From the fifth time on the driver uses a named statement of the server.
      conn.unwrap(PGConnection.class).setPrepareThreshold(1);
      try (var statement = conn.prepareStatement("SELECT ?::int + 1")) {
        for (int n = 1; n <= 3; n += 1) {
          statement.setInt(1, n);
          try (ResultSet rows = statement.executeQuery()) {
            rows.next();
            prepared.append(' ').append(rows.getInt(1));
          }
        }
      }
      System.out.println(prepared);
      try (var statement = conn.prepareStatement("SELECT ?::text, ?::text, ?::int")) {
        statement.setString(1, null);
        statement.setString(2, "text");
        statement.setInt(3, 5);
        try (ResultSet rows = statement.executeQuery()) {
          rows.next();
          System.out.println("unnamed " + rows.getString(1) + " " + rows.getString(2) + " " + rows.getInt(3));
        }
      }
      copyIn(conn, "drivers", new ByteArrayInputStream(lines(10_000)));
      System.out.println("copy in " + one(conn, "SELECT count(*) FROM drivers"));
      Counter found = copyOut(conn, "SELECT * FROM drivers ORDER BY id");
      System.out.println("copy out " + found.rows + " rows, " + found.size + " bytes");
      String refused = codeOf(() -> copyIn(conn, "drivers", new ByteArrayInputStream("x\ty\n".getBytes())));
      System.out.println("copy refused " + refused + " " + one(conn, "SELECT 1"));
      exec(conn, "CREATE TEMP TABLE large (content text)");
      try (var statement = conn.prepareStatement("INSERT INTO large VALUES (?)")) {
        statement.setString(1, "abcdefgh".repeat(50 * 1024 * 1024 / 8));
        statement.execute();
      }
      String back = one(conn, "SELECT content FROM large");
      byte[] digest = MessageDigest.getInstance("MD5").digest(back.getBytes(StandardCharsets.UTF_8));
      System.out.printf("large %d %02x%02x%n", back.length(), digest[0], digest[1]);
      conn.setAutoCommit(false);
      String first = codeOf(() -> one(conn, "SELECT 1/0"));
      String second = codeOf(() -> one(conn, "SELECT 1"));
      conn.rollback();
      conn.setAutoCommit(true);
      System.out.println("error " + first + " " + second + " " + one(conn, "SELECT 1"));
      try {
        exec(conn, "INSERT INTO drivers VALUES (1)");
      } catch (PSQLException error) {
        System.out.println("constraint " + error.getSQLState() + " " + error.getServerErrorMessage().getConstraint());
      }
      conn.setAutoCommit(false);
      int fetched = 0;
      try (Statement statement = conn.createStatement()) {
        // The driver then executes the portal for 100 rows at a time.
        statement.setFetchSize(100);
        try (ResultSet rows = statement.executeQuery("SELECT * FROM drivers LIMIT 1000")) {
          while (rows.next()) fetched += 1;
        }
      }
      conn.commit();
      conn.setAutoCommit(true);
      System.out.println("rows by portal " + fetched);
      exec(conn, "CREATE TEMP TABLE piped (id int PRIMARY KEY)");
      try (var statement = conn.prepareStatement("INSERT INTO piped VALUES (?)")) {
        for (int n = 0; n < 500; n += 1) {
          statement.setInt(1, n);
          statement.addBatch();
        }
        statement.executeBatch();
      }
      System.out.println("pipeline " + one(conn, "SELECT count(*) FROM piped") + " " + one(conn, "SELECT sum(id) FROM piped"));
      exec(conn, "INSERT INTO piped VALUES (500)");
      String twice = codeOf(() -> {
        try (var statement = conn.prepareStatement("INSERT INTO piped VALUES (?)")) {
          for (int n : new int[] {501, 500, 502}) {
            statement.setInt(1, n);
            statement.addBatch();
          }
          statement.executeBatch();
        }
      });
      System.out.println("pipeline error " + twice + " " + one(conn, "SELECT count(*) FROM piped"));
      try (Statement statement = conn.createStatement()) {
        statement.execute("DO $$ BEGIN RAISE NOTICE 'look'; END $$");
        System.out.println("notice " + statement.getWarnings().getMessage());
      }
      exec(conn, "LISTEN news");
      exec(other, "NOTIFY news, 'hello'");
      System.out.println("notify " + conn.unwrap(PGConnection.class).getNotifications(30_000)[0].getParameter());
      int process = conn.unwrap(PGConnection.class).getBackendPID();
      var code = new String[1];
      try (Statement statement = conn.createStatement()) {
        var thread = new Thread(() -> {
          try {
            code[0] = codeOf(() -> statement.execute("SELECT pg_sleep(60)"));
          } catch (Exception error) {
            code[0] = error.toString();
          }
        });
        thread.start();
        String waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = " + process + " AND query LIKE 'SELECT pg_sleep%' AND state = 'active'";
        while (one(other, waits).equals("0")) Thread.onSpinWait();
        statement.cancel();
        thread.join();
      }
      System.out.println("cancel " + code[0] + " " + one(conn, "SELECT 1"));
    }
  }

  public static void main(String[] args) throws Exception {
    var uri = URI.create(args[0]);
    String[] login = uri.getUserInfo().split(":");
    url = "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath();
    properties.setProperty("user", login[0]);
    properties.setProperty("password", login[1]);
    if (args.length > 1 && args[1].equals("--times")) measure();
    else check();
  }
}
