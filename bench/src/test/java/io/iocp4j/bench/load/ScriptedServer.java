package io.iocp4j.bench.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server whose connections do what a test says, each on a thread of its own. */
final class ScriptedServer implements AutoCloseable {
    /** What is done with one connection; it is closed when this returns. */
    interface Script {
        void run(InputStream in, OutputStream out) throws Exception;
    }

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final Script script;

    ScriptedServer(Script script) throws IOException {
        this.script = script;
        start(this::accept);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    private void start(Runnable task) {
        Thread thread = new Thread(task, "test-scripted-server");
        threads.add(thread);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                sockets.add(socket);
                socket.setTcpNoDelay(true);
                start(() -> serve(socket));
            }
        } catch (IOException e) {
            System.out.println("the test has closed the listener: " + e);
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            script.run(socket.getInputStream(), socket.getOutputStream());
        } catch (Exception e) {
            System.out.println("a scripted connection ended: " + e);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
