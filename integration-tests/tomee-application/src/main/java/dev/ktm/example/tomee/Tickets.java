package dev.ktm.example.tomee;

import jakarta.ejb.EJB;
import jakarta.ejb.EJBException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** {@code POST /tickets?seat=7} sells a ticket; {@code GET /tickets} says how many are sold. */
@WebServlet("/tickets")
@SuppressWarnings("NullAway.Init")
public class Tickets extends HttpServlet {

    @EJB
    private BoxOffice office;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            office.sell(Integer.parseInt(request.getParameter("seat")));
            response.setStatus(HttpServletResponse.SC_CREATED);
        } catch (EJBException e) {
            response.sendError(HttpServletResponse.SC_CONFLICT);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.getWriter().print(office.sold());
    }
}
