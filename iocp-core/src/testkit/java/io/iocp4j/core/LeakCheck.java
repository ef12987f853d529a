package io.iocp4j.core;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Demands after every test class that nothing is left of it: no counted object (contexts, buffers, connections), no
 * thread of ours, no socket. Found by JUnit by itself, see META-INF/services, so that no class can forget it.
 */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    private static final ExtensionContext.Namespace SPACE = ExtensionContext.Namespace.create(LeakCheck.class);
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    static {
        openAndCloseOneOfEach();
    }

    /** Called by JUnit. */
    public LeakCheck() {
    }

    /**
     * The JDK keeps one socket of its own for each kind of channel once the first of it was connected; it must not
     * count as ours.
     */
    private static void openAndCloseOneOfEach() {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket(listener.getInetAddress(), listener.getLocalPort());
                Socket server = listener.accept()) {
            client.getOutputStream().write(1);
            server.getInputStream().read();
            AsynchronousChannelGroup group = AsynchronousChannelGroup.withFixedThreadPool(1, Thread::new);
            AsynchronousSocketChannel channel = AsynchronousSocketChannel.open(group);
            channel.connect(listener.getLocalSocketAddress()).get();
            channel.close();
            group.shutdown();
        } catch (IOException | InterruptedException | ExecutionException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What is there before the class runs. */
    private record Before(Set<Thread> threads, Set<String> sockets, int counted) {
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (isOutermost(context)) {
            context.getStore(SPACE).put("before", new Before(threads(), sockets(), RefCounted.live().size()));
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        if (!isOutermost(context)) {
            return;
        }
        Before before = context.getStore(SPACE).get("before", Before.class);
        String name = context.getDisplayName();
        Set<Thread> left = threads();
        left.removeAll(before.threads);
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        for (Thread thread : left) {
            TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, deadline - System.nanoTime()));
            if (thread.isAlive()) {
                throw new AssertionError(name + " left the thread " + thread.getName() + " at "
                        + List.of(thread.getStackTrace()));
            }
        }
        List<String> live = RefCounted.live();
        // what a class before left was told there
        if (live.size() > before.counted) {
            throw new AssertionError(name + " left " + (live.size() - before.counted)
                    + " counted objects, among these:\n"
                    + live.stream().limit(5).collect(Collectors.joining("\n")));
        }
        Set<String> sockets = sockets();
        sockets.removeAll(before.sockets);
        // ours are of TCP; the JDK opens others for itself, for a lookup or a debugger, and a port left open shows by
        // its threads
        List<String> ours = sockets.stream()
                .filter(socket -> inTheKernel(socket, "unix", "netlink", "udp", "udp6").isEmpty())
                .filter(sockets()::contains)
                .map(socket -> socket + " " + inTheKernel(socket, "tcp", "tcp6").orElse("not connected")).toList();
        if (!ours.isEmpty()) {
            throw new AssertionError(name + " left sockets open: " + ours);
        }
    }

    private static boolean isOutermost(ExtensionContext context) {
        return context.getParent().flatMap(ExtensionContext::getTestClass).isEmpty();
    }

    /**
     * Threads that code of ours or of a test started; those of the JVM, of JUnit and of its runner come and go by
     * themselves.
     */
    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("iocp4j") || thread.getName().startsWith("test-"))
                .collect(Collectors.toCollection(HashSet::new));
    }

    /**
     * The sockets of this process by inode; empty where there is no /proc, also where Wine shows it to a Windows JVM,
     * without links.
     */
    private static Set<String> sockets() {
        if (File.separatorChar != '/' || !Files.isDirectory(DESCRIPTORS)) {
            return new HashSet<>();
        }
        try (Stream<Path> links = Files.list(DESCRIPTORS)) {
            return links.map(LeakCheck::target).filter(target -> target.startsWith("socket:"))
                    .collect(Collectors.toCollection(HashSet::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The line that the kernel has for the socket in one of these tables. */
    private static Optional<String> inTheKernel(String socket, String... tables) {
        String inode = socket.replaceAll("\\D", "");
        // a kernel without IPv6 lacks its tables
        return Stream.of(tables).map(table -> Path.of("/proc/self/net", table)).filter(Files::exists)
                .flatMap(LeakCheck::lines)
                .filter(line -> List.of(line.trim().split(" +")).contains(inode)).findFirst();
    }

    private static Stream<String> lines(Path table) {
        try {
            return Files.readAllLines(table).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException e) {
            // closed while the directory was read
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
