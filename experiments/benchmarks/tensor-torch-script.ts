/**
 * The PyTorch side of the tensor benchmark: a process that is told what to measure, so that its rounds and ours take
 * turns. Arguments: the sizes as JSON, the number of threads. It first prints {version, instructions} or {skipped}, then
 * answers every line of its input with one line of JSON:
 *
 *     prepare NAME SECONDS    {chosen, variants: {LABEL: milliseconds}} after trying the variants in turns, each for so long
 *     measure NAME SECONDS    {samples: [milliseconds]} of the fastest variant
 *     drop NAME               {dropped}
 *
 * PyTorch is used as its documentation shows, in eager mode. The variants are Adam's three implementations, and for the
 * table the optimisers that take sparse gradients; the loss is never read, which spares PyTorch a little.
 */
export const TORCH_SCRIPT = String.raw`
import itertools, json, math, sys, time
try:
    import torch
    from torch import nn
    import torch.nn.functional as F
except Exception as error:
    print(json.dumps(dict(skipped=(str(error) or type(error).__name__).splitlines()[0])))
    sys.exit()

sizes = json.loads(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
torch.manual_seed(1)
mse = F.mse_loss
ADAMS = {"Adam": {}, "Adam(foreach=True)": dict(foreach=True), "Adam(fused=True)": dict(fused=True)}

def sample(work, seconds):
    clock = time.perf_counter
    start, runs = clock(), 0
    while True:
        work()
        runs += 1
        if clock() - start >= 0.2 * seconds:
            break
    chunk = max(1, math.ceil(0.0005 * runs / (clock() - start)))
    samples = []
    while clock() - start < seconds or len(samples) < 3:
        begun = clock()
        for _ in range(chunk):
            work()
        samples.append(1000 * (clock() - begun) / chunk)
    return samples

def median(samples):
    return sorted(samples)[len(samples) // 2]

def step_of(optimisers, loss):
    def step():
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss().backward()
        for optimiser in optimisers:
            optimiser.step()
    return step

def trained(build):
    """One variant per implementation of Adam; build gives a model and its loss."""
    def variant(options):
        def make():
            model, loss = build()
            return step_of([torch.optim.Adam(model.parameters(), lr=1e-3, **options)], loss)
        return make
    return {label: variant(options) for label, options in ADAMS.items()}

def mlp(s, activation):
    widths = [s["inputs"], *s["hidden"], 1]
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])

def mlp_step(s):
    def build():
        model = mlp(s, nn.ReLU)
        x, y = torch.randn(s["batch"], s["inputs"]), torch.randn(s["batch"], 1)
        return model, lambda: mse(model(x), y)
    return trained(build)

def policy(s):
    def make():
        model = mlp(s, nn.Tanh).eval()
        x = torch.randn(s["batch"], s["inputs"])
        def forward():
            with torch.inference_mode():
                model(x)
        return forward
    return {"inference_mode": make}

class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_rows = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, places, width = x.shape
        qkv = self.qkv(self.before_attention(x)).view(batch, places, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, places, width))
        return x + self.narrow(F.relu(self.widen(self.before_rows(x))))

def transformer(s):
    def build():
        model = Block(s["width"], s["heads"])
        x, y = (torch.randn(s["batch"], s["places"], s["width"]) for _ in range(2))
        return model, lambda: mse(model(x), y)
    return trained(build)

class Decoder(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(s["vocabulary"], s["width"]), nn.Embedding(s["context"], s["width"])
        self.blocks = nn.Sequential(*[Block(s["width"], s["heads"]) for _ in range(s["depth"])])
        self.norm = nn.LayerNorm(s["width"])
        for table in (self.tokens, self.positions):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, tokens, positions):
        hidden = self.norm(self.blocks(self.tokens(tokens) + self.positions(positions)))
        return hidden @ self.tokens.weight.t()

def language(s):
    def build():
        model = Decoder(s)
        shape = (s["batch"], s["places"])
        tokens, labels = (torch.randint(0, s["vocabulary"], shape) for _ in range(2))
        positions = torch.arange(s["places"]).expand(shape)
        def loss():
            scores = model(tokens, positions).view(-1, s["vocabulary"])
            return F.cross_entropy(scores, labels.reshape(-1), ignore_index=-1)
        return model, loss
    return trained(build)

def embedding(s):
    batches = [torch.randint(0, s["rows"], (s["bags"], s["bag"])) for _ in range(s["batches"])]
    y = torch.randn(s["bags"], 1)
    tables = {
        "adagrad": {
            "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05),
            "SparseAdam": lambda p: torch.optim.SparseAdam(list(p), lr=1e-3),
        },
        "sgd": {"SGD": lambda p: torch.optim.SGD(p, lr=0.05)},
    }[s["table"]]
    def variant(of_table):
        def make():
            table = nn.EmbeddingBag(s["rows"], s["width"], mode="sum", sparse=True)
            dense = nn.Linear(s["width"], 1)
            turns = itertools.cycle(batches)
            optimisers = [of_table(table.parameters()), torch.optim.Adam(dense.parameters(), lr=1e-3)]
            return step_of(optimisers, lambda: mse(dense(table(next(turns))), y))
        return make
    return {label: variant(of_table) for label, of_table in tables.items()}

def matmul(s):
    def make():
        a, b = torch.randn(s["rows"], s["inner"]), torch.randn(s["inner"], s["columns"])
        out = torch.empty(s["rows"], s["columns"])
        return lambda: torch.mm(a, b, out=out)
    return {"mm(out=)": make}

WORKLOADS = {
    "mlp-64": mlp_step, "mlp-512": mlp_step, "policy-1": policy,
    "transformer": transformer, "embedding": embedding, "embedding-sgd": embedding, "matmul": matmul,
    "language": language,
}
ready = {}
TURNS = 3

def prepare(name, seconds):
    works, samples, failure = {}, {}, None
    for label, make in WORKLOADS[name](sizes[name]).items():
        try:
            work = make()
            work()
            works[label], samples[label] = work, []
        except Exception as error:
            failure = str(error) or type(error).__name__
    if not works:
        return dict(skipped=failure)
    for _ in range(TURNS):
        for label, work in works.items():
            samples[label] += sample(work, seconds / TURNS)
    times = {label: median(found) for label, found in samples.items()}
    chosen = min(times, key=times.get)
    ready[name] = works[chosen]
    return dict(chosen=chosen, variants=times)

def say(answer):
    print(json.dumps(answer), flush=True)

say(dict(version=torch.__version__, instructions=torch.backends.cpu.get_cpu_capability()))
for line in sys.stdin:
    command, name, *rest = line.split()
    if command == "prepare":
        say(prepare(name, float(rest[0])))
    elif command == "measure":
        say(dict(samples=sample(ready[name], float(rest[0]))))
    else:
        ready.pop(name, None)
        say(dict(dropped=name))
`;
