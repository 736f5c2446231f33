package dev.ktm.jms;

import org.jspecify.annotations.Nullable;

/** Who a connection is made for: both empty for whoever the factory itself knows. Never shows the password. */
record Credentials(@Nullable String user, @Nullable String password) {

    static final Credentials OF_THE_FACTORY = new Credentials(null, null);

    boolean areGiven() {
        return user != null || password != null;
    }

    @Override
    public String toString() {
        return user == null ? "the factory's own user" : "user " + user;
    }
}
