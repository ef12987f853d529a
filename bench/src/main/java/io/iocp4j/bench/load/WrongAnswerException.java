package io.iocp4j.bench.load;

import java.io.IOException;

/** Says that a server has answered something else than the workload expects. */
final class WrongAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    WrongAnswerException(String message) {
        super(message);
    }
}
