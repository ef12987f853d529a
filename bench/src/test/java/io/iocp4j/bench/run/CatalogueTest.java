package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.load.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The catalogue of servers")
class CatalogueTest {
    private static final Settings SETTINGS = new Settings(2, Cores.ANY, List.of("-Xmx1m"), Path.of("logs"));
    private static final Set<String> FEATURES = Set.of("tcp", "tls", "ws", "fan-out", "deflate", "file", "relay");

    @TempDir
    Path directory;

    private Catalogue catalogue(String recipes) throws IOException {
        Files.createDirectories(directory.resolve("peers"));
        Files.writeString(directory.resolve("peers/peers.properties"), recipes);
        return new Catalogue(directory);
    }

    @Test
    @DisplayName("has the servers of this module with their features, and the bare ones are baselines")
    void own() throws IOException {
        Catalogue catalogue = new Catalogue(null);
        assertTrue(catalogue.get("aio").serves(Workload.parse("tls-echo")));
        assertFalse(catalogue.get("bare-aio").serves(Workload.parse("tls-echo")));
        assertTrue(catalogue.get("bare-aio").isBaseline());
        assertFalse(catalogue.get("aio").isBaseline());
        List<String> command = catalogue.get("aio").commandLine("ws", "0", SETTINGS);
        assertTrue(command.containsAll(List.of("-Xmx1m", "aio", "protocol=ws", "workers=2")), command.toString());
    }

    @Test
    @DisplayName("fills in the placeholders of a recipe, and knows where it runs and what it can do")
    void recipe() throws IOException {
        Candidate peer = catalogue("""
                peer = {java} {flags} -cp x/* Peer {protocol} {port} {workers}
                peer.features = tcp ws
                """).get("peer");
        assertEquals(List.of(Programs.java(), "-Xmx1m", "-cp", "x/*", "Peer", "tcp", "80", "2"),
                peer.commandLine("tcp", "80", SETTINGS));
        assertEquals(directory, peer.directory());
        assertTrue(peer.serves(Workload.parse("tcp-echo")));
        assertFalse(peer.serves(Workload.parse("fan-out")));
    }

    @Test
    @DisplayName("says how to fetch a peer that is not installed")
    void missing() throws IOException {
        Catalogue catalogue = catalogue("peer = run {port}\npeer.needs = peers/peer-folder/target\n");
        assertFalse(catalogue.isInstalled("peer"));
        String message = assertThrows(IllegalArgumentException.class, () -> catalogue.get("peer")).getMessage();
        assertTrue(message.contains("bench/peers/install peer-folder"), message);
    }

    @Test
    @DisplayName("suggests the server that may have been meant")
    void suggestion() throws IOException {
        Catalogue catalogue = new Catalogue(null);
        String message = assertThrows(IllegalArgumentException.class, () -> catalogue.get("bare-io")).getMessage();
        assertTrue(message.contains("did you mean bare-aio?"), message);
    }

    @Test
    @DisplayName("takes a server of the command line, whose quotes keep words together")
    void added() throws IOException {
        Catalogue catalogue = new Catalogue(null);
        catalogue.add("mine=sh -c 'exec \"$0\" {port}' x", true);
        assertEquals(List.of("sh", "-c", "exec \"$0\" 9", "x"),
                catalogue.get("mine").commandLine("tcp", "9", SETTINGS));
        assertTrue(catalogue.get("mine").serves(Workload.parse("tcp-echo")));
        assertThrows(IllegalArgumentException.class, () -> catalogue.add("mine=run {port}", false),
                "the name is taken");
        assertThrows(IllegalArgumentException.class, () -> catalogue.add("other=run", false), "there is no {port}");
        assertThrows(IllegalArgumentException.class, () -> catalogue.add("other=run '{port}", false), "open quote");
    }

    @Test
    @DisplayName("reads every recipe of this module; each has a script to install it, and features that exist")
    void recipes() throws IOException {
        Catalogue catalogue = new Catalogue(Path.of("").toAbsolutePath());
        List<Candidate> peers = catalogue.all().stream().filter(candidate -> !candidate.isOwn()).toList();
        assertTrue(peers.size() >= 8, peers.toString());
        String install = Files.readString(Path.of("peers/install"));
        for (Candidate peer : peers) {
            assertTrue(FEATURES.containsAll(peer.features()), peer.toString());
            String command = String.join(" ", peer.commandLine("ws", "80", SETTINGS));
            assertFalse(command.contains("{"), command);
            String folder = command.replaceAll(".*?peers/([\\w-]+)/.*", "$1");
            assertTrue(Files.isDirectory(Path.of("peers", folder)), command);
            assertTrue(install.contains(folder), folder);
        }
    }
}
