package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A port that tells a test what is asked of it before it does it, or lets the test answer in its place. */
final class SeenPort {
    private SeenPort() {
    }

    /**
     * Is told the name of the method and its arguments, which are null if there are none; returns null to let the port
     * answer.
     */
    interface Watcher {
        Object asked(String method, Object[] arguments) throws Exception;
    }

    static CompletionPort of(CompletionPort port, Watcher watcher) {
        return (CompletionPort) Proxy.newProxyInstance(CompletionPort.class.getClassLoader(),
                new Class<?>[] {CompletionPort.class},
                (proxy, method, arguments) -> {
                    Object answer = watcher.asked(method.getName(), arguments);
                    if (answer != null) {
                        return answer;
                    }
                    try {
                        return method.invoke(port, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
