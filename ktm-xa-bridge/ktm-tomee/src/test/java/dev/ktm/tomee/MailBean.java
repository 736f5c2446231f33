package dev.ktm.tomee;

import jakarta.annotation.Resource;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import jakarta.resource.ResourceException;
import java.sql.SQLException;

/** Notes the mail that arrives, and sends an answer. */
@MessageDriven
@SuppressWarnings("NullAway.Init")
public class MailBean implements MailListener {

    @EJB
    private Shop shop;

    @Resource(name = "post")
    private Post post;

    @Override
    public void arrived(String text) {
        try {
            shop.note(text);
            post.send();
        } catch (SQLException | ResourceException e) {
            throw new IllegalStateException(e);
        }
        if (text.startsWith("bad")) {
            throw new IllegalStateException("it cannot be answered");
        }
    }
}
