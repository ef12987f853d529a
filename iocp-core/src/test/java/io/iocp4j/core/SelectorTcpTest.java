package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What connections do on an engine whose worker reads and writes itself. */
@DisplayName("A connection on a worker that reads and writes itself")
class SelectorTcpTest extends TcpFixture {
    @Override
    @BeforeEach
    void openPort() throws IOException {
        port = CompletionPort.open(PortOptions.defaults().workers(1).engine("selector"));
    }

    private static <T> T onStrand(TcpConnection connection, Callable<T> task) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        connection.execute(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable thrown) {
                result.completeExceptionally(thrown);
            }
        });
        return await(result);
    }

    @Test
    @DisplayName("holds no queue behind a send that the system has taken, and gathers what follows until its end")
    void settled() throws Exception {
        Pair publisher = accept(options, new Recorder());
        Pair viewer = accept(options, new Recorder());
        List<Long> queued = onStrand(publisher.connection(), () -> {
            List<Long> amounts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                viewer.connection().send(text("x"));
                amounts.add(viewer.connection().bufferedAmount());
            }
            return amounts;
        });
        assertEquals(List.of(0L, 1L, 2L), queued);
        assertEquals("xxx", viewer.peerReads(3));
        assertEquals(3, viewer.connection().bytesTaken());
    }
}
