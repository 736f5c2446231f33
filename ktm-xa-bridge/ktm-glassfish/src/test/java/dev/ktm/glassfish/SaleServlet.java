package dev.ktm.glassfish;

import jakarta.ejb.EJB;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.sql.SQLException;
import javax.naming.NamingException;

/** Sells over HTTP: {@code POST ?item=…}, with {@code &dies=true} the server dies; {@code PUT} opens; {@code GET ?item=…} says what was sold. */
@WebServlet("/sale")
@SuppressWarnings("NullAway.Init")
public class SaleServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @EJB
    private Salesman salesman;

    @Override
    protected void doPut(HttpServletRequest request, HttpServletResponse response) throws ServletException {
        try {
            salesman.open();
        } catch (NamingException | SQLException e) {
            throw new ServletException(e);
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws ServletException {
        try {
            salesman.sell(request.getParameter("item"), Boolean.parseBoolean(request.getParameter("dies")));
        } catch (NamingException | SQLException e) {
            throw new ServletException(e);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        response.setContentType("text/plain");
        try {
            response.getWriter().print(salesman.sold(request.getParameter("item")));
        } catch (NamingException | SQLException e) {
            throw new ServletException(e);
        }
    }
}
