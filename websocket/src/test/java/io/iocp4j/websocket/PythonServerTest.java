package io.iocp4j.websocket;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("Our client and the server of Debian's python3-websockets")
class PythonServerTest extends ForeignServerContract {
    @Override
    ForeignPeer server(String deflate) throws IOException {
        return ForeignPeer.python("server", deflate);
    }
}
