package io.iocp4j.websocket;

import io.iocp4j.core.EarlyClasses;
import io.iocp4j.websocket.frame.FrameDecoder;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.grammar.HttpToken;
import java.util.List;

/** The classes of this module. Loaded before the first connection, because later no descriptor may be left for that. */
final class ModuleClasses {
    /** One of each package. */
    static final List<Class<?>> MEMBERS = List.of(ModuleClasses.class, HttpRequest.class, HttpToken.class,
            ServerHandshake.class, FrameDecoder.class);

    private ModuleClasses() {
    }

    /** Loads them, once. */
    static void load() {
        MEMBERS.forEach(EarlyClasses::loadPackageOf);
        EarlyClasses.initialize(WebSocketEvent.class);
    }
}
