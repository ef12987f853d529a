package io.iocp4j.relay.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The events that the relay records with JDK Flight Recorder. Each is on in every recording. */
final class FlightEvents {
    private FlightEvents() {
    }

    /** A stream has another state. */
    @Name("io.iocp4j.relay.StreamState")
    @Label("Relay Stream State")
    @Category({"iocp4j", "Relay"})
    @StackTrace(false)
    static final class StreamState extends Event {
        @Label("Path")
        private String path;
        @Label("State")
        @Description("live, waiting or ended")
        private String state;
        @Label("Reason")
        private String reason;

        static void commit(String path, String state, String reason) {
            StreamState event = new StreamState();
            if (event.shouldCommit()) {
                event.path = path;
                event.state = state;
                event.reason = reason;
                event.commit();
            }
        }
    }

    /** A publisher began, or came back. */
    @Name("io.iocp4j.relay.PublisherEpoch")
    @Label("Relay Publisher Epoch")
    @Category({"iocp4j", "Relay"})
    @StackTrace(false)
    static final class PublisherEpoch extends Event {
        @Label("Path")
        private String path;
        @Label("Epoch")
        private int epoch;
        @Label("Publisher Address")
        private String publisher;

        static void commit(String path, int epoch, String publisher) {
            PublisherEpoch event = new PublisherEpoch();
            if (event.shouldCommit()) {
                event.path = path;
                event.epoch = epoch;
                event.publisher = publisher;
                event.commit();
            }
        }
    }

    /** A viewer joined a stream. */
    @Name("io.iocp4j.relay.ViewerJoin")
    @Label("Relay Viewer Join")
    @Category({"iocp4j", "Relay"})
    @StackTrace(false)
    static final class ViewerJoin extends Event {
        @Label("Path")
        private String path;
        @Label("Viewer")
        private String viewer;
        @Label("Viewer Address")
        private String peer;

        static void commit(String path, String viewer, String peer) {
            ViewerJoin event = new ViewerJoin();
            if (event.shouldCommit()) {
                event.path = path;
                event.viewer = viewer;
                event.peer = peer;
                event.commit();
            }
        }
    }

    /** The queue of a slow viewer was cut. */
    @Name("io.iocp4j.relay.ViewerTrim")
    @Label("Relay Viewer Trim")
    @Category({"iocp4j", "Relay"})
    @StackTrace(false)
    static final class ViewerTrim extends Event {
        @Label("Path")
        private String path;
        @Label("Viewer")
        private String viewer;
        @Label("Frames Dropped")
        private long frames;

        static void commit(String path, String viewer, long frames) {
            ViewerTrim event = new ViewerTrim();
            if (event.shouldCommit()) {
                event.path = path;
                event.viewer = viewer;
                event.frames = frames;
                event.commit();
            }
        }
    }
}
