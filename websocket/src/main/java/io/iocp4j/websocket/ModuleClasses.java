package io.iocp4j.websocket;

import io.iocp4j.core.EarlyClasses;
import io.iocp4j.websocket.frame.FrameDecoder;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.grammar.HttpToken;

/** The classes of this module, which are loaded before the first connection: later there may be no descriptor for it. */
final class ModuleClasses {
    private ModuleClasses() {
    }

    /** Loads them, unless that was done before. */
    static void load() {
        EarlyClasses.loadPackageOf(ModuleClasses.class);
        EarlyClasses.loadPackageOf(HttpRequest.class);
        EarlyClasses.loadPackageOf(HttpToken.class);
        EarlyClasses.loadPackageOf(ServerHandshake.class);
        EarlyClasses.loadPackageOf(FrameDecoder.class);
        EarlyClasses.initialize(WebSocketEvent.class);
    }
}
