package io.iocp4j.core;

import java.net.SocketAddress;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;

/**
 * The events that a port and TCP on it record with JDK Flight Recorder. Each event is on in every recording. Without a
 * recording no object is allocated, since the just-in-time compiler finds that it does not escape.
 */
final class FlightEvents {
    private FlightEvents() {
    }

    private static String text(SocketAddress address) {
        return address == null ? null : address.toString();
    }

    /** A connection can be used. */
    @Name("io.iocp4j.core.ConnectionOpened")
    @Label("TCP Connection Opened")
    @Category({"iocp4j", "TCP"})
    @StackTrace(false)
    static final class ConnectionOpened extends Event {
        @Label("Local Address")
        private String local;
        @Label("Peer Address")
        private String peer;
        @Label("Accepted")
        @Description("Whether the peer began")
        private boolean accepted;

        static void commit(TcpConnection connection, boolean accepted) {
            ConnectionOpened event = new ConnectionOpened();
            if (event.shouldCommit()) {
                event.local = text(connection.local());
                event.peer = text(connection.remote());
                event.accepted = accepted;
                event.commit();
            }
        }
    }

    /** A connection is gone, or a connect has failed. */
    @Name("io.iocp4j.core.ConnectionClosed")
    @Label("TCP Connection Closed")
    @Category({"iocp4j", "TCP"})
    @StackTrace(false)
    static final class ConnectionClosed extends Event {
        @Label("Local Address")
        private String local;
        @Label("Peer Address")
        @Description("Of a connect that has failed, what was to be reached")
        private String peer;
        @Label("Bytes Read")
        @DataAmount
        private long bytesRead;
        @Label("Bytes Written")
        @Description("Accepted for sending, including those lost")
        @DataAmount
        private long bytesWritten;
        @Label("Bytes Lost")
        @Description("Accepted for sending and not taken by the operating system")
        @DataAmount
        private long bytesLost;
        @Label("Error")
        @Description("An IoError; nothing after an orderly end")
        private String error;
        @Label("Initiator")
        @Description("LOCAL or REMOTE")
        private String initiator;
        @Label("Lifetime")
        @Description("From its creation, by an accept or a connect, to its end")
        @Timespan(Timespan.NANOSECONDS)
        private long lifetime;

        static void commit(TcpChannel connection, CloseInfo why, long lifetimeNanos) {
            ConnectionClosed event = new ConnectionClosed();
            if (event.shouldCommit()) {
                event.local = text(connection.local());
                event.peer = text(connection.peer());
                event.bytesRead = connection.bytesRead();
                event.bytesWritten = connection.bytesWritten();
                event.bytesLost = why.bytesLost();
                event.error = why.error() == null ? null : why.error().name();
                event.initiator = why.initiator().name();
                event.lifetime = lifetimeNanos;
                event.commit();
            }
        }
    }

    /** A callback kept its worker from the other connections. */
    @Name("io.iocp4j.core.SlowHandler")
    @Label("Slow TCP Handler")
    @Category({"iocp4j", "TCP"})
    @Threshold("20 ms")
    @StackTrace(false)
    static final class SlowHandler extends Event {
        @Label("Peer Address")
        private String peer;
        @Label("Callback")
        private String callback;

        void commit(TcpConnection connection, String name) {
            peer = text(connection.remote());
            callback = name;
            commit();
        }
    }

    /** A listener could not accept; the server goes on. */
    @Name("io.iocp4j.core.AcceptFailed")
    @Label("TCP Accept Failed")
    @Category({"iocp4j", "TCP"})
    @StackTrace(false)
    static final class AcceptFailed extends Event {
        @Label("Local Address")
        private String local;
        @Label("Error")
        @Description("An IoError")
        private String error;
        @Label("Message")
        private String message;

        static void commit(IoException failure) {
            AcceptFailed event = new AcceptFailed();
            if (event.shouldCommit()) {
                event.local = text(failure.local());
                event.error = failure.error().name();
                event.message = failure.getMessage();
                event.commit();
            }
        }
    }

    /** Peers make a port hold so much memory that connections shrink and newcomers wait. */
    @Name("io.iocp4j.core.MemoryTight")
    @Label("Memory Tight")
    @Category({"iocp4j", "Memory"})
    @StackTrace(false)
    static final class MemoryTight extends Event {
        @Label("Kind")
        private String kind;
        @Label("Used")
        @DataAmount
        private long used;
        @Label("Limit")
        @DataAmount
        private long limit;

        static void commit(String kind, long used, long limit) {
            MemoryTight event = new MemoryTight();
            if (event.shouldCommit()) {
                event.kind = kind;
                event.used = used;
                event.limit = limit;
                event.commit();
            }
        }
    }

    /** The account that held most was ended, because peers make a port hold too much memory. */
    @Name("io.iocp4j.core.MemoryEviction")
    @Label("Memory Eviction")
    @Category({"iocp4j", "Memory"})
    @StackTrace(false)
    static final class MemoryEviction extends Event {
        @Label("Kind")
        private String kind;
        @Label("Used")
        @DataAmount
        private long used;
        @Label("Limit")
        @DataAmount
        private long limit;
        @Label("Held")
        @Description("By the one that was ended")
        @DataAmount
        private long held;
        @Label("Account")
        private String account;

        static void commit(String kind, long used, long limit, long held, String account) {
            MemoryEviction event = new MemoryEviction();
            if (event.shouldCommit()) {
                event.kind = kind;
                event.used = used;
                event.limit = limit;
                event.held = held;
                event.account = account;
                event.commit();
            }
        }
    }
}
