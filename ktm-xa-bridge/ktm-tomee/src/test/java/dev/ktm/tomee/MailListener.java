package dev.ktm.tomee;

/** Who is told of mail. */
public interface MailListener {

    /** Told of one. */
    void arrived(String text);
}
