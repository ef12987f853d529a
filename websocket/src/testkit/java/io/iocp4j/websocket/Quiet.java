package io.iocp4j.websocket;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Keeps the stack traces of exceptions that a test class throws on purpose out of the output. */
final class Quiet implements BeforeAllCallback, AfterAllCallback {
    private final List<Logger> loggers;

    Quiet(Class<?>... sources) {
        loggers = Stream.of(sources).map(source -> Logger.getLogger(source.getName())).toList();
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        loggers.forEach(logger -> logger.setLevel(Level.OFF));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        loggers.forEach(logger -> logger.setLevel(null));
    }
}
