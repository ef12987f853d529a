package io.iocp4j.websocket.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Serves the files below a directory, as {@link HttpFile} does: on virtual threads, for GET and HEAD. Nothing outside
 * of the directory is reached: not by the path, which must be made of plain names, and not by symbolic links, unless
 * that is asked for. Names that begin with a dot ({@code .git}, {@code .env}) are not served, but for
 * {@code .well-known}. There are no listings. An immutable value for any thread.
 */
public final class DirectoryHandler implements HttpHandler {
    /** Separators of some system, drive letters and alternate streams of Windows, the end of a name in C. */
    private static final String FORBIDDEN = "/\\:\0";

    private final Path root;
    private final String prefix;
    private final String index;
    private final String cacheControl;
    private final boolean linksOut;
    private final HttpHandler blocking = HttpHandler.blocking(this::serve);

    private DirectoryHandler(Path root, String prefix, String index, String cacheControl, boolean linksOut) {
        this.root = Objects.requireNonNull(root, "root");
        this.prefix = Objects.requireNonNull(prefix, "prefix");
        this.index = Objects.requireNonNull(index, "index");
        this.cacheControl = Objects.requireNonNull(cacheControl, "cacheControl");
        this.linksOut = linksOut;
    }

    /**
     * Serves a directory under the path {@code /}.
     *
     * @param root with everything below it; need not be there yet
     * @return a handler
     */
    public static DirectoryHandler of(Path root) {
        return new DirectoryHandler(root, "/", "index.html", "no-cache", false);
    }

    /**
     * This handler under another path: {@code /static/app.js} is {@code app.js} of the directory if the prefix is
     * {@code /static/}.
     *
     * @param path begins and ends with a slash
     * @return a new handler, which answers 404 to all other paths
     */
    public DirectoryHandler prefix(String path) {
        if (!path.startsWith("/") || !path.endsWith("/")) {
            throw new IllegalArgumentException("a prefix begins and ends with a slash: " + path);
        }
        return new DirectoryHandler(root, path, index, cacheControl, linksOut);
    }

    /**
     * This handler with another file for paths of directories.
     *
     * @param fileName {@code index.html} unless set; where it is not there, the answer is 404
     * @return a new handler
     */
    public DirectoryHandler index(String fileName) {
        return new DirectoryHandler(root, prefix, fileName, cacheControl, linksOut);
    }

    /**
     * This handler with another rule for caches.
     *
     * @param value as {@link HttpFile#cacheControl}
     * @return a new handler
     */
    public DirectoryHandler cacheControl(String value) {
        return new DirectoryHandler(root, prefix, index, value, linksOut);
    }

    /**
     * This handler with another rule for symbolic links that lead out of the directory. Links within it are always
     * followed.
     *
     * @param allowed false unless set: such a file is not there
     * @return a new handler
     */
    public DirectoryHandler linksOut(boolean allowed) {
        return new DirectoryHandler(root, prefix, index, cacheControl, allowed);
    }

    @Override
    public void onRequest(HttpExchange exchange) throws Exception {
        blocking.onRequest(exchange);
    }

    private void serve(HttpExchange exchange) throws IOException {
        exchange.respond(answer(exchange.request()));
    }

    /**
     * The answer to a request, for handlers that serve more than a directory. May block.
     *
     * @param request GET or HEAD
     * @return as {@link HttpFile#answer}, or a redirect to the path of a directory with its slash
     * @throws HttpException as {@link HttpFile#answer}
     * @throws IOException if the file system fails
     */
    public HttpResponse answer(HttpRequest request) throws IOException {
        String path = request.path();
        if (!path.startsWith(prefix)) {
            throw HttpFile.notFound();
        }
        Path file = resolve(path.substring(prefix.length()));
        boolean asDirectory = path.endsWith("/");
        if (asDirectory) {
            file = file.resolve(index);
        } else if (Files.isDirectory(file) && isInside(file)) {
            return HttpResponse.of(308).withHeader("Location", withSlash(request));
        }
        if (!isInside(file)) {
            throw HttpFile.notFound();
        }
        return HttpFile.of(file).cacheControl(cacheControl).answer(request);
    }

    /** Name by name, so that none can be more than a name. */
    private Path resolve(String relative) throws HttpException {
        Path file = root;
        if (relative.isEmpty()) {
            return file;
        }
        String names = relative.endsWith("/") ? relative.substring(0, relative.length() - 1) : relative;
        for (String name : names.split("/", -1)) {
            if (!isPlain(name)) {
                throw HttpFile.notFound();
            }
            try {
                file = file.resolve(name);
            } catch (InvalidPathException e) {
                throw HttpFile.notFound();
            }
        }
        return file;
    }

    /** Windows drops dots and blanks at the end of a name, so that two names would lead to one file. */
    private static boolean isPlain(String name) {
        boolean hidden = name.startsWith(".") && !name.equals(".well-known");
        boolean plain = !name.isEmpty() && name.chars().noneMatch(c -> c < ' ' || FORBIDDEN.indexOf(c) >= 0);
        return plain && !hidden && !name.endsWith(".") && !name.endsWith(" ");
    }

    /**
     * Whether a file, with all links resolved, is below the directory, and by names that are served: a link must not
     * lead to others. What is not there is not inside.
     */
    private boolean isInside(Path file) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        if (linksOut) {
            return true;
        }
        Path realRoot = root.toRealPath();
        Path realFile = file.toRealPath();
        if (!realFile.startsWith(realRoot)) {
            return false;
        }
        for (Path name : realRoot.relativize(realFile)) {
            if (!isPlain(name.toString()) && !realFile.equals(realRoot)) {
                return false;
            }
        }
        return true;
    }

    /** As it was sent: a path of plain names, so it cannot be taken for another host. */
    private static String withSlash(HttpRequest request) throws HttpException {
        String target = request.target();
        if (!target.startsWith("/")) {
            throw HttpFile.notFound();
        }
        int mark = target.indexOf('?');
        return mark < 0 ? target + "/" : target.substring(0, mark) + "/" + target.substring(mark);
    }
}
