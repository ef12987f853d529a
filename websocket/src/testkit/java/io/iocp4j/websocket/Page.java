package io.iocp4j.websocket;

import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A page in {@link Chromium}, in a window of its own, so that it counts as visible. For one thread at a time. */
public final class Page implements AutoCloseable {
    private static final Duration LOAD_LIMIT = Duration.ofSeconds(30);

    private final DevTools tools;
    private final String target;
    private final String session;
    private final List<String> problems = new CopyOnWriteArrayList<>();
    private volatile CompletableFuture<Void> loaded = new CompletableFuture<>();

    private Page(DevTools tools, String target, String session) {
        this.tools = tools;
        this.target = target;
        this.session = session;
    }

    /** Opens the address and waits until the page with its scripts is loaded. */
    static Page open(DevTools tools, String address) {
        Map<String, Object> created = tools.call(null, "Target.createTarget",
                Map.of("url", "about:blank", "newWindow", true));
        String target = (String) created.get("targetId");
        Map<String, Object> attached = tools.call(null, "Target.attachToTarget",
                Map.of("targetId", target, "flatten", true));
        String session = (String) attached.get("sessionId");
        Page page = new Page(tools, target, session);
        tools.onEvent(session, page::event);
        for (String domain : List.of("Page", "Runtime", "Log")) {
            tools.call(session, domain + ".enable", Map.of());
        }
        Map<String, Object> answer = tools.call(session, "Page.navigate", Map.of("url", address));
        if (answer.containsKey("errorText")) {
            throw new AssertionError(address + ": " + answer.get("errorText"));
        }
        page.awaitLoaded();
        return page;
    }

    /** Loads the address again, as F5 does, and waits until the page with its scripts is loaded. */
    public void reload() {
        loaded = new CompletableFuture<>();
        tools.call(session, "Page.reload", Map.of());
        awaitLoaded();
    }

    /** The value of a JavaScript expression; that of a promise, once it is settled. */
    public Object evaluate(String expression) {
        Map<String, Object> answer = tools.call(session, "Runtime.evaluate",
                Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
        if (answer.containsKey("exceptionDetails")) {
            Map<String, Object> details = DevTools.object(answer, "exceptionDetails");
            throw new AssertionError(expression + "\n" + words(details));
        }
        return DevTools.object(answer, "result").get("value");
    }

    /** Waits for a time that passes in the page. */
    public void pass(Duration time) {
        evaluate("new Promise(resolve => setTimeout(resolve, " + time.toMillis() + "))");
    }

    /** Gives the window another size, in pixels of CSS, and tells the page that the user prefers dark or light. */
    public void emulate(int width, int height, boolean dark) {
        tools.call(session, "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
        tools.call(session, "Emulation.setEmulatedMedia", Map.of("features",
                List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    /** What the page looks like now, as PNG. */
    public byte[] screenshot() {
        String png = (String) tools.call(session, "Page.captureScreenshot", Map.of("format", "png")).get("data");
        return Base64.getDecoder().decode(png);
    }

    /** Exceptions that nobody caught, and what the page and the browser wrote to the console as errors. */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    @Override
    public void close() {
        tools.call(null, "Target.closeTarget", Map.of("targetId", target));
    }

    private void awaitLoaded() {
        try {
            loaded.orTimeout(LOAD_LIMIT.toNanos(), TimeUnit.NANOSECONDS).join();
        } catch (CompletionException e) {
            throw new TooLate("the page was not loaded within " + LOAD_LIMIT);
        }
    }

    private void event(String method, Map<String, Object> params) {
        switch (method) {
            case "Page.loadEventFired" -> loaded.complete(null);
            case "Runtime.exceptionThrown" -> problems.add(words(DevTools.object(params, "exceptionDetails")));
            case "Runtime.consoleAPICalled" -> {
                if ("error".equals(params.get("type"))) {
                    problems.add(params.get("args").toString());
                }
            }
            case "Log.entryAdded" -> {
                Map<String, Object> entry = DevTools.object(params, "entry");
                if ("error".equals(entry.get("level"))) {
                    problems.add(entry.get("text") + " " + entry.get("url"));
                }
            }
            default -> {
                // events of the same domains that say nothing about faults
            }
        }
    }

    private static String words(Map<String, Object> exceptionDetails) {
        return exceptionDetails.get("exception") instanceof Map<?, ?> exception && exception.get("description") != null
                ? exception.get("description").toString()
                : exceptionDetails.toString();
    }
}
