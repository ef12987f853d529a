package io.iocp4j.websocket;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("The client of Node's ws and our server")
class NodeClientTest extends ForeignClientContract {
    @Override
    ForeignPeer client(String deflate, String address) throws IOException {
        return ForeignPeer.node("client", deflate, address);
    }
}
