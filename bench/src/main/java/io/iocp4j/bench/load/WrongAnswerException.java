package io.iocp4j.bench.load;

import java.io.IOException;

/** Signals that an answer of the server is not the one that the workload expects. */
final class WrongAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    WrongAnswerException(String message) {
        super(message);
    }
}
