/** The performance lab of iocp4j. Start with the description of {@link io.iocp4j.bench}. */
@SuppressWarnings("requires-automatic") // JMH's jar has no descriptor
module io.iocp4j.bench {
    requires transitive io.iocp4j.websocket;
    requires io.iocp4j.relay;
    requires jdk.management;
    requires jmh.core;

    exports io.iocp4j.bench;
    exports io.iocp4j.bench.jmh;
    exports io.iocp4j.bench.load;
    exports io.iocp4j.bench.result;
    exports io.iocp4j.bench.run;
    exports io.iocp4j.bench.server;
}
