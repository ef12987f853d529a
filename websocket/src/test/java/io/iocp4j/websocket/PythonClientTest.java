package io.iocp4j.websocket;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("The client of Debian's python3-websockets and our server")
class PythonClientTest extends ForeignClientContract {
    @Override
    ForeignPeer client(String deflate, String address) throws IOException {
        return ForeignPeer.python("client", deflate, address);
    }
}
