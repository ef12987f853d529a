package io.iocp4j.relay.access;

import java.util.Locale;

/** What somebody wants to do. */
public enum Action {
    /** Send a stream. */
    PUBLISH,
    /** Watch a stream. */
    VIEW,
    /** Record a stream, or read a recording. */
    RECORD,
    /** Read or change the state of the relay. */
    API,
    /** Read the metrics. */
    METRICS;

    /**
     * Returns the word for it in settings, links and logs.
     *
     * @return in small letters
     */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Finds an action.
     *
     * @param word in small letters
     * @return the action
     * @throws IllegalArgumentException if there is none; the message continues the name of a setting
     */
    public static Action of(String word) {
        for (Action action : values()) {
            if (action.word().equals(word)) {
                return action;
            }
        }
        throw new IllegalArgumentException("needs publish, view, record, api, metrics or all, not " + word);
    }
}
