package io.iocp4j.websocket.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Serves the files below a directory, as {@link HttpFile} does: on virtual threads, for GET and HEAD. No file outside
 * of the directory is served: paths must consist of plain names, and symbolic links out of the directory are refused
 * unless {@link #linksOut} allows them. Names that begin with a dot ({@code .git}, {@code .env}) are not served, except
 * {@code .well-known}. There are no listings. Immutable. Any thread.
 *
 * <p>The path of a file is checked before the file is opened, because Java has no portable way to open a file relative
 * to a directory. Between the check and the opening, a local user who may write below the directory can replace a
 * directory by a symbolic link. The handler then serves any file that the process may read. Do not serve directories
 * that untrusted users may write to.
 */
public final class DirectoryHandler implements HttpHandler {
    /** Path separators, the colon of drives and alternate data streams on Windows, and NUL, which ends a name in C. */
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
     * @param root the directory; need not exist yet
     * @return a handler
     */
    public static DirectoryHandler of(Path root) {
        return new DirectoryHandler(root, "/", "index.html", "no-cache", false);
    }

    /**
     * Returns a copy that serves the directory under another path. With the prefix {@code /static/}, the path
     * {@code /static/app.js} means {@code app.js} in the directory.
     *
     * @param path begins and ends with a slash
     * @return a new handler, which redirects {@code /static} to {@code /static/} and answers all other paths with 404
     */
    public DirectoryHandler prefix(String path) {
        if (!path.startsWith("/") || !path.endsWith("/")) {
            throw new IllegalArgumentException("a prefix begins and ends with a slash: " + path);
        }
        return new DirectoryHandler(root, path, index, cacheControl, linksOut);
    }

    /**
     * Returns a copy with another file for the paths of directories.
     *
     * @param fileName {@code index.html} by default; if it does not exist, the answer is 404
     * @return a new handler
     */
    public DirectoryHandler index(String fileName) {
        return new DirectoryHandler(root, prefix, fileName, cacheControl, linksOut);
    }

    /**
     * Returns a copy with another {@code Cache-Control}.
     *
     * @param value as {@link HttpFile#cacheControl}
     * @return a new handler
     */
    public DirectoryHandler cacheControl(String value) {
        return new DirectoryHandler(root, prefix, index, value, linksOut);
    }

    /**
     * Returns a copy with another rule for symbolic links that lead out of the directory. Links within it are always
     * followed.
     *
     * @param allowed false by default: such a file is answered with 404
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
     * Answers a request, for handlers that serve more than a directory. May block.
     *
     * @param request GET or HEAD
     * @return as {@link HttpFile#answer}, or a redirect to the path of a directory with its slash
     * @throws HttpException as {@link HttpFile#answer}
     * @throws IOException if the file system fails
     */
    public HttpResponse answer(HttpRequest request) throws IOException {
        String path = request.path();
        if (!path.startsWith(prefix)) {
            if (prefix.equals(path + "/")) {
                return redirect(request);
            }
            throw HttpFile.notFound();
        }
        Path file = resolve(path.substring(prefix.length()));
        boolean asDirectory = path.endsWith("/");
        if (asDirectory) {
            file = file.resolve(index);
        } else if (Files.isDirectory(file) && isInside(file)) {
            return redirect(request);
        }
        if (!isInside(file)) {
            throw HttpFile.notFound();
        }
        return HttpFile.of(file).cacheControl(cacheControl).answer(request);
    }

    /** Resolves name by name, so that none can contain a separator. */
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

    /**
     * Tells whether a name is plain. Windows drops dots and spaces at the end of a name, so two names would mean one
     * file.
     */
    private static boolean isPlain(String name) {
        boolean hidden = name.startsWith(".") && !name.equals(".well-known");
        boolean plain = !name.isEmpty() && name.chars().noneMatch(c -> c < ' ' || FORBIDDEN.indexOf(c) >= 0);
        return plain && !hidden && !name.endsWith(".") && !name.endsWith(" ");
    }

    /**
     * Returns true if a file exists and, with all links resolved, is below the directory. All names on its real path
     * must be plain: a link must not lead to a hidden file.
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

    private static HttpResponse redirect(HttpRequest request) {
        return HttpResponse.of(308).withHeader("Location", withSlash(request));
    }

    /**
     * Returns the path as sent, with a slash added; without scheme and host if the target is in absolute form (RFC 9112
     * section 3.2.2). It consists of plain names, so a client cannot take it for another host.
     */
    private static String withSlash(HttpRequest request) {
        String absolute = request.target();
        // an absolute target without a path has the path "/", which needs no slash
        String target = absolute.startsWith("/") ? absolute
                : absolute.substring(absolute.indexOf('/', absolute.indexOf("://") + 3));
        int mark = target.indexOf('?');
        return mark < 0 ? target + "/" : target.substring(0, mark) + "/" + target.substring(mark);
    }
}
