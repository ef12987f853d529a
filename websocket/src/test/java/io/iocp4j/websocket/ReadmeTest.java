package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The WebSockets that README shows")
class ReadmeTest {
    private static final Pattern JAVA_BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
    private static final int BLOCKS_MIN = 5;

    @Test
    @DisplayName("talk to each other")
    void echo() throws IOException {
        WebSocketServer server = WebSocketServer.listen(ServerOptions.defaults().tcpPort(0),
                request -> new WebSocketListener() {
            @Override public void onText(WebSocket socket, String text) { socket.trySend(text); }
        });
        try (WebSocket socket = WebSocketClient.connect("ws://localhost:" + server.address().getPort() + "/chat")) {
            socket.send("hello");
            assertEquals("hello", socket.receive().text());
        }
        server.close(TestServer.DEADLINE);
        server.awaitClosed();
    }

    @Test
    @DisplayName("talk to each other, with a virtual thread per WebSocket")
    void blockingEcho() throws IOException {
        WebSocketServer server = WebSocketServer.listen(0, socket -> {
            for (Message message : socket) socket.send(message);
        });
        try (WebSocket socket = WebSocketClient.connect("ws://localhost:" + server.address().getPort() + "/")) {
            socket.send("hello");
            assertEquals("hello", socket.receive().text());
        }
        server.close(TestServer.DEADLINE);
    }

    @Test
    @DisplayName("compile as they are printed, and so does all Java in README")
    void compiles(@TempDir Path directory) throws IOException {
        List<Path> blocks = new ArrayList<>();
        Matcher block = JAVA_BLOCK.matcher(Files.readString(Path.of("..", "README.md")));
        while (block.find()) {
            blocks.add(Files.writeString(directory.resolve("Block" + blocks.size() + ".java"), block.group(1)));
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(errors, files, null,
                    List.of("-Xlint:all,-path", "-Werror", "-proc:none", "-d", directory.toString()), null,
                    files.getJavaFileObjectsFromPaths(blocks)).call();
            assertTrue(compiled, errors::toString);
        }
        assertTrue(blocks.size() >= BLOCKS_MIN,
                blocks.size() + " blocks are too few: the pattern no longer finds them");
    }
}
