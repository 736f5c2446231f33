package dev.ktm.web;

import dev.ktm.jdbc.KtmDataSource;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;

/** Writes into two databases and sends to a queue; everything that it needs it looks up, each time anew. */
@SuppressWarnings("BanJNDI") // Looks its own names up.
public final class Shop extends HttpServlet {

    private static final long serialVersionUID = 1;
    private static final String QUEUE = "sales";

    static Object find(String name) throws NamingException {
        return new InitialContext().lookup("java:comp/" + name);
    }

    private static DataSource database(String name) throws NamingException {
        return (DataSource) find("env/jdbc/" + name);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String answer;
        try {
            answer = switch (request.getPathInfo()) {
                case "/make" -> make();
                case "/sell" -> sell(request.getParameter("item"), request.getParameter("end"));
                case "/sold" -> sold("orders") + " " + sold("audit");
                case "/announce" -> announce(request.getParameter("item"), request.getParameter("end"));
                case "/announced" -> announced();
                case "/who" -> who();
                case "/find" -> find(request.getParameter("name")).getClass().getName();
                default -> "";
            };
        } catch (Exception e) {
            answer = e.toString();
        }
        response.getWriter().print(answer);
    }

    private static String make() throws Exception {
        for (var name : new String[] {"orders", "audit"}) {
            try (var connection = database(name).getConnection();
                    var statement = connection.createStatement()) {
                statement.execute("create table sale (item varchar(20) primary key)");
            }
        }
        return "made";
    }

    private static void insert(DataSource database, String item) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.prepareStatement("insert into sale values (?)")) {
            statement.setString(1, item);
            statement.executeUpdate();
        }
    }

    private static String sell(String item, String end) throws Exception {
        var user = (UserTransaction) find("UserTransaction");
        user.begin();
        try {
            insert(database("orders"), item);
            insert(database("audit"), item);
        } catch (SQLException e) {
            user.rollback();
            throw e;
        }
        return end(user, end);
    }

    private static String end(UserTransaction user, String end) throws Exception {
        if (end.equals("commit")) {
            user.commit();
        } else {
            user.rollback();
        }
        return end;
    }

    private static JMSContext messages() throws NamingException {
        return ((ConnectionFactory) find("env/jms/sales")).createContext();
    }

    private static String announce(String item, String end) throws Exception {
        var user = (UserTransaction) find("UserTransaction");
        user.begin();
        insert(database("orders"), item);
        try (var context = messages()) {
            context.createProducer().send(context.createQueue(QUEUE), item);
        }
        return end(user, end);
    }

    private static String announced() throws Exception {
        try (var context = messages();
                var consumer = context.createConsumer(context.createQueue(QUEUE))) {
            var items = new ArrayList<String>();
            for (var item = consumer.receiveBody(String.class, 1_000);
                    item != null;
                    item = consumer.receiveBody(String.class, 200)) {
                items.add(item);
            }
            return items.toString();
        }
    }

    private static String sold(String name) throws Exception {
        try (var connection = database(name).getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select item from sale order by item")) {
            var items = new ArrayList<String>();
            while (rows.next()) {
                items.add(rows.getString(1));
            }
            return items.toString();
        }
    }

    /** The faces belong together: what one begins the others see. */
    private static String who() throws Exception {
        var user = (UserTransaction) find("UserTransaction");
        var manager = (TransactionManager) find("env/TransactionManager");
        var registry = (TransactionSynchronizationRegistry) find("env/TransactionSynchronizationRegistry");
        user.begin();
        try {
            var one = manager.getTransaction();
            return user.getClass().getPackageName() + " "
                    + (database("orders") instanceof KtmDataSource)
                    + " " + (registry.getTransactionKey() != null)
                    + " " + (one == manager.getTransaction()) + " " + user.getStatus()
                    + registry.getTransactionStatus();
        } finally {
            user.rollback();
        }
    }
}
