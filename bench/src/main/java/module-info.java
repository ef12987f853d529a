/** Measures the cost of the parts of iocp4j with JMH. Start with the description of {@link io.iocp4j.bench}. */
@SuppressWarnings("requires-automatic") // JMH's jar has no descriptor
module io.iocp4j.bench {
    requires transitive io.iocp4j.websocket;
    requires jmh.core;

    exports io.iocp4j.bench;
}
