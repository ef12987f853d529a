package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.ChildProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A real reverse proxy in front of a relay. Its configuration is the recipe in {@code stream-demo/proxies}, with other
 * ports, so that the recipe that operators copy is the one that is tested.
 */
final class ReverseProxy implements AutoCloseable {
    private static final Path RECIPES = Path.of("proxies");

    private final ChildProcess process;
    private final int port;

    private ReverseProxy(ChildProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Finds a port that is free now. The proxy itself cannot say which one the system has chosen. */
    static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return free.getLocalPort();
        }
    }

    /** Starts a proxy. Its host is any; it passes on what is below the path. */
    static ReverseProxy start(String program, String path, int port, int relayPort, Path directory)
            throws IOException {
        String listen = "127.0.0.1:" + port;
        List<String> command = switch (program) {
            case "nginx" -> {
                String recipe = recipe("nginx.conf", path, relayPort, "listen 80;", "listen " + listen + ";");
                String temporary = List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi").stream()
                        .map(kind -> kind + "_temp_path " + directory + "/" + kind + ";\n")
                        .collect(Collectors.joining());
                Path file = Files.writeString(directory.resolve("nginx.conf"), "daemon off;\nmaster_process off;\n"
                        + "pid " + directory + "/pid;\nerror_log stderr;\nevents { }\nhttp {\naccess_log off;\n"
                        + temporary + recipe + "}\n");
                yield List.of("nginx", "-e", "stderr", "-c", file.toString());
            }
            case "caddy" -> {
                String recipe = recipe("Caddyfile", path, relayPort, "video.example.org {", "http://:" + port + " {");
                Path file = Files.writeString(directory.resolve("Caddyfile"), "{\n\tadmin off\n}\n" + recipe);
                yield List.of("caddy", "run", "--adapter", "caddyfile", "--config", file.toString());
            }
            case "haproxy" -> {
                String recipe = recipe("haproxy.cfg", path, relayPort, "bind :80\n", "bind " + listen + "\n");
                yield List.of("haproxy", "-db", "-f",
                        Files.writeString(directory.resolve("haproxy.cfg"), recipe).toString());
            }
            default -> throw new AssertionError(program);
        };
        ProcessBuilder builder = new ProcessBuilder(command);
        for (String place : List.of("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME")) {
            builder.environment().put(place, directory.toString());
        }
        return new ReverseProxy(ChildProcess.start(program, builder), port);
    }

    private static String recipe(String file, String path, int relayPort, String listen, String here)
            throws IOException {
        String text = Files.readString(RECIPES.resolve(file));
        assertTrue(text.contains(listen) && text.contains("127.0.0.1:8080"), text);
        if (path.equals("/")) {
            text = text.lines().filter(line -> !line.contains("308")).collect(Collectors.joining("\n", "", "\n"));
        }
        return text.replace(listen, here).replace("127.0.0.1:8080", "127.0.0.1:" + relayPort)
                .replace("/relay/", path);
    }

    /** Tells whether the proxy takes connections. */
    boolean listens() {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
