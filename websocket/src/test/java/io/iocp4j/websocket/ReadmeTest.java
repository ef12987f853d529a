package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    private static final int BLOCKS_MIN = 8;
    /** README of this module shows statements, not whole programs. */
    private static final String PROGRAM = """
            import io.iocp4j.websocket.*;
            import io.iocp4j.websocket.handshake.*;
            import io.iocp4j.websocket.http.*;

            void main() throws Exception {
            %s
            }
            """;

    @Test
    @DisplayName("talk to each other")
    void echo() throws IOException {
        WebSocketServer server = WebSocketServer.listen(ServerOptions.defaults().tcpPort(0),
                request -> new WebSocketListener() {
            @Override public void onText(WebSocket socket, String text) { socket.trySend(text); }
        });
        try (WebSocket socket = WebSocketClient.connect("ws://localhost:" + server.tcpPort() + "/chat")) {
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
        try (WebSocket socket = WebSocketClient.connect("ws://localhost:" + server.tcpPort() + "/")) {
            socket.send("hello");
            assertEquals("hello", socket.receive().text());
        }
        server.close(TestServer.DEADLINE);
    }

    @Test
    @DisplayName("compile as they are printed, and so does all Java in README, and in README of this module")
    void compiles(@TempDir Path directory) throws IOException {
        List<String> programs = blocksOf(Path.of("..", "README.md"));
        List<String> statements = blocksOf(Path.of("README.md"));
        List<Path> blocks = new ArrayList<>();
        for (String program : programs) {
            blocks.add(Files.writeString(directory.resolve("Block" + blocks.size() + ".java"), program));
        }
        for (String shown : statements) {
            String program = PROGRAM.formatted(shown);
            blocks.add(Files.writeString(directory.resolve("Block" + blocks.size() + ".java"), program));
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(errors, files, null,
                    List.of("-Xlint:all,-path", "-Werror", "-proc:none", "-d", directory.toString()), null,
                    files.getJavaFileObjectsFromPaths(blocks)).call();
            assertTrue(compiled, errors::toString);
        }
        assertTrue(programs.size() >= BLOCKS_MIN && statements.size() >= 2,
                blocks.size() + " blocks are too few: the pattern no longer finds them");
    }

    private static List<String> blocksOf(Path page) throws IOException {
        return JAVA_BLOCK.matcher(Files.readString(page)).results().map(block -> block.group(1)).toList();
    }
}
