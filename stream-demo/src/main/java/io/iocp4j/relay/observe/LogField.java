package io.iocp4j.relay.observe;

/**
 * A value in a line of the log that has a name: the JSON log shows it as a member. Give it to the logger as a parameter
 * of the format, which shows the value alone. Immutable.
 *
 * @param name "path", "viewer", "peer" or "code"
 * @param value shown by its toString, so a number has no separators
 */
public record LogField(String name, Object value) {
    /**
     * The path of a stream.
     *
     * @param value the path
     * @return the field
     */
    public static LogField path(String value) {
        return new LogField("path", value);
    }

    /**
     * The id of a viewer.
     *
     * @param value the id
     * @return the field
     */
    public static LogField viewer(String value) {
        return new LogField("viewer", value);
    }

    /**
     * The address of a client.
     *
     * @param value the address
     * @return the field
     */
    public static LogField peer(String value) {
        return new LogField("peer", value);
    }

    /**
     * A close code or an HTTP status.
     *
     * @param value the code
     * @return the field
     */
    public static LogField code(int value) {
        return new LogField("code", value);
    }

    @Override
    public String toString() {
        return String.valueOf(value);
    }
}
