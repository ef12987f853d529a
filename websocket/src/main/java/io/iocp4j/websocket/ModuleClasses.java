package io.iocp4j.websocket;

import io.iocp4j.core.EarlyClasses;
import io.iocp4j.websocket.frame.FrameDecoder;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.grammar.HttpToken;
import java.util.List;

/** Loads the classes of this module before the first connection. Later, no file descriptor may be left for loading. */
final class ModuleClasses {
    /** One class of each package. */
    static final List<Class<?>> MEMBERS = List.of(ModuleClasses.class, HttpRequest.class, HttpToken.class,
            ServerHandshake.class, FrameDecoder.class);

    private ModuleClasses() {
    }

    /** Loads the classes, once. */
    static void load() {
        MEMBERS.forEach(EarlyClasses::loadPackageOf);
        EarlyClasses.initialize(WebSocketEvent.class);
    }
}
