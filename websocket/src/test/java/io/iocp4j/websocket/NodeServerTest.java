package io.iocp4j.websocket;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("Our client and the server of Node's ws")
class NodeServerTest extends ForeignServerContract {
    @Override
    ForeignPeer server(String deflate) throws IOException {
        return ForeignPeer.node("server", deflate);
    }
}
