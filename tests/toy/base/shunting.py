"""What is done in the yard."""


def find_train(number):
    for train in machine.trains:
        if train.number == number:
            return train
    refuse("NoSuchTrain", "there is no train " + number)


def last_wagon(train):
    last = train
    for wagon in walk(train, "behind"):
        last = wagon
    return last


def cli_train(options):
    number = options.partition(",")[0]
    if number == "":
        fail(-ENOENT)
    wagon = new(Wagon)
    wagon.number = number
    if "lit" in options.split(","):
        wagon.marks |= LIGHT
    machine.trains.append(wagon)


def cli_ledger(name):
    machine.ledger = disk_create(name, "cooked", LEDGER_SIZE, "", "")
    if machine.ledger < 0:
        fail(machine.ledger)


def qmp_couple(arguments):
    train = find_train(arguments["train"])
    wagon = new(Wagon)
    wagon.load = arguments.get("load", 0)
    wagon.marks = train.marks
    last_wagon(train).behind = wagon
    assert wagon.load >= 0
    return {"wagons": count_wagons(train)}


def count_wagons(train):
    count = 0
    for wagon in walk(train, "behind"):
        count += 1
    return count


def qmp_uncouple(arguments):
    train = find_train(arguments["train"])
    before = train
    for wagon in walk(train, "behind"):
        if wagon.behind is not None:
            before = wagon
    before.behind = None


def hmp_turn(number):
    train = find_train(number)
    last = last_wagon(train)
    if last == train:
        refuse("TooShort", "a train of one wagon looks the same")
    swap(train, last)
    train.number = last.number
    last.number = ""
    train.behind = last
    last.behind = None


def hmp_ring(number):
    train = find_train(number)
    last_wagon(train).behind = train


def notice_SIGNAL(data):
    machine.signal = data["to"]


def await_job(number, until):
    for train in machine.trains:
        if train.number == number and train.inspector is not None:
            free(train.inspector)
            train.inspector = None
    return {"until": until}


def internal_inspect(number, depth):
    train = find_train(number)
    train.inspector = new(Inspector)
    train.inspector.wagon = train
    train.inspector.found.append([train.load, depth])


def guest_write(number, sector, sectors, pattern):
    find_train(number)
    disk_write([machine.ledger], sector * 512, sectors * 512, pattern)


def guest_read(number, sector, sectors):
    find_train(number)
    return {"pattern": disk_read([machine.ledger], sector * 512, sectors * 512)}
