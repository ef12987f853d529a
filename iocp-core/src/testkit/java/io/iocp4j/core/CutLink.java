package io.iocp4j.core;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;

/**
 * A peer in a network namespace of its own, on a link that can be cut so that packets vanish: nobody answers, and
 * nobody says that nobody answers.
 */
final class CutLink implements AutoCloseable {
    private final String space;
    private final String device;
    /** Two addresses of a network of their own, so that two builds on one machine do not meet. */
    private final String ours;
    private final String theirs;
    private Process process;
    private InetSocketAddress peer;

    private CutLink(long id) {
        space = "iocp4j-" + id;
        device = "io" + id;
        String network = "10.231." + (id >> 6 & 0xFF) + ".";
        ours = network + ((id & 63) * 4 + 1);
        theirs = network + ((id & 63) * 4 + 2);
    }

    /** The peer, at the address given: gives back what it receives from one client, until its input ends. */
    public static void main(String[] args) throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.ofLiteral(args[0]))) {
            System.out.println(listener.getLocalPort());
            try (Socket client = listener.accept()) {
                client.getInputStream().transferTo(client.getOutputStream());
            }
        }
    }

    /** Null where this machine cannot do it. */
    static CutLink open() throws IOException {
        if (!File.separator.equals("/") || run("ip", "netns", "list") != 0) {
            return null;
        }
        CutLink link = new CutLink(ProcessHandle.current().pid());
        if (run("ip", "netns", "add", link.space) != 0) {
            return null;
        }
        if (!link.connect()) {
            link.close();
            return null;
        }
        return link;
    }

    private boolean connect() throws IOException {
        String inner = device + "p";
        boolean linked = run("ip", "link", "add", device, "address", "02:00:00:00:77:01", "type", "veth",
                        "peer", "name", inner, "address", "02:00:00:00:77:02", "netns", space) == 0
                && run("ip", "addr", "add", ours + "/30", "dev", device) == 0
                && run("ip", "link", "set", device, "up") == 0
                && run("ip", "-n", space, "addr", "add", theirs + "/30", "dev", inner) == 0
                && run("ip", "-n", space, "link", "set", inner, "up") == 0
                // for ever: a neighbour that is asked for and does not answer would be an error other than silence
                && run("ip", "neigh", "replace", theirs, "lladdr", "02:00:00:00:77:02", "dev", device, "nud",
                        "permanent") == 0;
        if (!linked) {
            return false;
        }
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        process = new ProcessBuilder("ip", "netns", "exec", space, java, "-cp", System.getProperty("java.class.path"),
                CutLink.class.getName(), theirs).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader output = process.inputReader();
        String port = output.readLine();
        if (port == null) {
            return false;
        }
        peer = new InetSocketAddress(theirs, Integer.parseInt(port));
        return true;
    }

    InetSocketAddress peer() {
        return peer;
    }

    /** The peer's side loses its address: what is sent there is dropped, and no answer comes. */
    void cut() throws IOException {
        if (run("ip", "-n", space, "addr", "flush", "dev", device + "p") != 0) {
            throw new IOException("the link could not be cut");
        }
    }

    @Override
    public void close() throws IOException {
        if (process != null) {
            await(process.destroyForcibly());
            process.inputReader().close();
        }
        // its end of the link goes with it, and so does ours
        run("ip", "netns", "del", space);
    }

    /** The exit code; that of a program which is not there is 127, as a shell says. */
    private static int run(String... command) throws IOException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException e) {
            return 127;
        }
        return await(process);
    }

    private static int await(Process process) throws IOException {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
